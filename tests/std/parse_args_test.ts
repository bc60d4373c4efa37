import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

Deno.test("flags, values and positional arguments", () => {
  assertEquals(parseArgs(["--foo", "--bar=baz", "./quux.txt"]), { foo: true, bar: "baz", _: ["./quux.txt"] });
  assertEquals(parseArgs(["--name", "alice", "hello"]), { name: "alice", _: ["hello"] });
  assertEquals(parseArgs([]), { _: [] });
});

Deno.test("short flags, alone, together and with a value", () => {
  assertEquals(parseArgs(["-abc"]), { a: true, b: true, c: true, _: [] });
  assertEquals(parseArgs(["-n", "bob"]), { n: "bob", _: [] });
  assertEquals(parseArgs(["-vn", "bob"]), { v: true, n: "bob", _: [] });
  assertEquals(parseArgs(["-p9999"]), { p: 9999, _: [] });
  assertEquals(parseArgs(["-p=9999"]), { p: 9999, _: [] });
  assertEquals(parseArgs(["-a", "-b"]), { a: true, b: true, _: [] });
});

Deno.test("a hyphen alone is a positional argument, or the value of a short flag", () => {
  assertEquals(parseArgs(["-"]), { _: ["-"] });
  assertEquals(parseArgs(["-n", "-"]), { n: "-", _: [] });
  assertEquals(parseArgs(["-n-"]), { n: "-", _: [] });
});

Deno.test("what looks like a number becomes one", () => {
  assertEquals(parseArgs(["-p", "9999", "--x=1e3", "--hex", "0x10", "5", "v5"]), {
    p: 9999,
    x: 1000,
    hex: 16,
    _: [5, "v5"],
  });
});

Deno.test("a string stays a string", () => {
  const args = parseArgs(["--port", "0999", "7"], { string: ["port"] });
  const port: string | undefined = args.port;
  assertStrictEquals(port, "0999");
  assertEquals(args._, [7]);
});

Deno.test("with _ declared as a string, positional arguments stay strings", () => {
  assertEquals(parseArgs(["1", "2.50"], { string: ["_"] })._.map(String), ["1", "2.50"]);
});

Deno.test("a string that is absent is undefined, one without a value is empty", () => {
  const options = { string: ["name"] as const };
  assertEquals(parseArgs([], options), { _: [] });
  assertEquals(parseArgs(["--name"], options), { name: "", _: [] });
  assertEquals(parseArgs(["--name="], options), { name: "", _: [] });
  assertEquals(parseArgs(["--name", "--other"], options), { name: "", other: true, _: [] });
});

Deno.test("a value may have spaces, line ends and equals signs", () => {
  assertEquals(parseArgs(["--text=a = b\nc", "--next", " x "]), { text: "a = b\nc", next: " x ", _: [] });
});

Deno.test("a boolean is false when absent and takes no value", () => {
  const args = parseArgs(["--verbose", "alice"], { boolean: ["verbose", "quiet"] });
  const flags: boolean[] = [args.verbose, args.quiet];
  assertEquals(flags, [true, false]);
  assertEquals(args._, ["alice"]);
});

Deno.test("a boolean may be said as a word", () => {
  const options = { boolean: ["a", "b"] as const };
  assertEquals(parseArgs(["--a=false", "--b", "true", "x"], options), { a: false, b: true, _: ["x"] });
});

Deno.test("boolean: true concerns all flags of the form --name", () => {
  assertEquals(parseArgs(["--a", "x", "--b=y"], { boolean: true }), { a: true, b: "y", _: ["x"] });
});

Deno.test("an alias is set along, whichever name was used", () => {
  const parse = (...args: string[]) =>
    parseArgs(args, { string: ["port"], boolean: ["help"], alias: { port: "p", help: ["h", "?"] } });
  const help = { help: false, h: false, "?": false };
  assertEquals(parse("-p", "1"), { port: "1", p: "1", ...help, _: [] });
  assertEquals(parse("--port=2"), { port: "2", p: "2", ...help, _: [] });
  assertEquals(parse("-h", "x"), { help: true, h: true, "?": true, _: ["x"] });
  const values: [string | undefined, boolean] = [parse().p, parse().h];
  assertEquals(values, [undefined, false]);
});

Deno.test("a default stands in for what is absent, under all names", () => {
  const args = parseArgs(["--host=b"], {
    string: ["host", "port"],
    alias: { port: "p" },
    default: { host: "a", port: "9999" },
  });
  const text: string = args.host + args.port;
  assertEquals(text, "b9999");
  assertEquals(args, { host: "b", port: "9999", p: "9999", _: [] });
});

Deno.test("the last one counts, unless the flag is collected", () => {
  assertEquals(parseArgs(["--x=1", "--x=2"]), { x: 2, _: [] });
  const args = parseArgs(["--to", "bob", "--to=eve"], { string: ["to", "cc"], collect: ["to", "cc"] });
  const to: string[] = args.to;
  assertEquals(to, ["bob", "eve"]);
  assertEquals(args.cc, []);
});

Deno.test("--no-name negates only what is negatable", () => {
  const options = { boolean: ["color"] as const, negatable: ["color"] as const, default: { color: true } };
  assertEquals(parseArgs([], options), { color: true, _: [] });
  assertEquals(parseArgs(["--no-color"], options), { color: false, _: [] });
  assertEquals(parseArgs(["--no-color"]), { "no-color": true, _: [] });
});

Deno.test("what follows -- is not parsed", () => {
  assertEquals(parseArgs(["a", "--", "-b", "5"]), { _: ["a", "-b", "5"] });
  const args = parseArgs(["a", "--", "-b", "--"], { "--": true });
  const rest: string[] = args["--"];
  assertEquals(rest, ["-b", "--"]);
  assertEquals(args._, ["a"]);
});

Deno.test("stopEarly leaves everything after the first positional argument as it is", () => {
  assertEquals(parseArgs(["-v", "--n=1", "send", "--n=2", "5"], { boolean: ["v"], stopEarly: true }), {
    v: true,
    n: 1,
    _: ["send", "--n=2", "5"],
  });
});

Deno.test("unknown hears of what is not declared, and drops it with false", () => {
  const heard: unknown[] = [];
  const args = parseArgs(["--port=1", "-v", "--bad=x", "word", "-zy"], {
    string: ["port"],
    boolean: ["v"],
    unknown: (arg, key, value) => {
      heard.push([arg, key, value]);
      return key === undefined;
    },
  });
  assertEquals(args, { port: "1", v: true, _: ["word"] });
  assertEquals(heard, [
    ["--bad=x", "bad", "x"],
    ["word", undefined, undefined],
    ["-zy", "z", true],
    ["-zy", "y", true],
  ]);
});

Deno.test("a dot in a name nests", () => {
  assertEquals(parseArgs(["--a.b=1", "--a.c", "x"]), { a: { b: 1, c: "x" }, _: [] });
});

Deno.test("no name reaches a prototype", () => {
  parseArgs(["--__proto__.polluted=1", "--constructor.prototype.polluted=1", "--a.__proto__.polluted=1"]);
  assertStrictEquals(Reflect.get({}, "polluted"), undefined);
});

Deno.test("an alias that is undefined is an error", () => {
  const alias: Record<string, string> = {};
  Reflect.set(alias, "port", undefined);
  assertThrows(() => parseArgs([], { alias }), TypeError);
});
