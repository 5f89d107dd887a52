export const names = ['ann'];
