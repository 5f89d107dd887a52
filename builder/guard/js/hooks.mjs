// The guard's hook for Node 20, where load hooks run in a thread of their own. The
// guard is preloaded in that thread as in every other and leaves its check here.
const { check } = process['nbuild:hook'];

export async function load(url, context, nextLoad) {
  return check(url, await nextLoad(url, context), context);
}
