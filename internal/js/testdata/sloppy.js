#!/usr/bin/env node
// What only sloppy mode allows, as old packages have it.
var Foo, x, y, a, b
var let = 010, yield = "\07", async = 1, of = 2, await = 3
var static = let / yield / async
if (static) function hoisted() { return arguments.callee } else with (Math) abs(of)
for (var i = 0 in {}) ;
outer: inner: do { if (i) continue outer; break inner } while (0) await
x = a
++b
<!-- an HTML comment
--> and another
async (1, 2)
var re = x++ / 2 / 1, d = {} / 1, r = [] ? /=/ : /[/]/
var o = { get: 1, set: 2, get a() { return 1 }, set a(v) {}, async: 1, 'b': 2, 3: 4, async c() {}, *d() {}, [x]: y }
return new new Foo(1)(2).bar`t${1}` , void typeof delete o.x
