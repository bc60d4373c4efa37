import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { bold, red, yellow } from "@std/fmt/colors";
import * as log from "@std/log";
import {
  BaseHandler,
  ConsoleHandler,
  FileHandler,
  getLogger,
  Logger,
  LogLevels,
  LogRecord,
  setup,
} from "@std/log";

/** Keeps what it is given. */
class ListHandler extends BaseHandler {
  readonly lines: string[] = [];
  readonly events: string[] = [];
  override log(msg: string): void {
    this.lines.push(msg);
  }
  override setup(): void {
    this.events.push("setup");
  }
  override destroy(): void {
    this.events.push("destroy");
  }
}

/** A record, as this method of a logger makes it. */
function record(method: "debug" | "info" | "warn" | "error" | "critical"): LogRecord {
  const made: LogRecord[] = [];
  class Catcher extends ListHandler {
    override handle(logRecord: LogRecord): void {
      made.push(logRecord);
    }
  }
  new Logger("test", "NOTSET", { handlers: [new Catcher("NOTSET")] })[method]("text", 1, "two");
  return made[0]!;
}

/** A path in a fresh folder, which is removed afterwards. */
async function withFile(run: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    run(`${folder}/test.log`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the levels are numbers in the order of importance", () => {
  assertEquals(LogLevels, { NOTSET: 0, DEBUG: 10, INFO: 20, WARN: 30, ERROR: 40, CRITICAL: 50 });
});

Deno.test("a record keeps what was logged", () => {
  const { msg, level, levelName, loggerName, args, datetime } = record("warn");
  assertEquals([msg, level, levelName, loggerName, args], ["text", 30, "WARN", "test", [1, "two"]]);
  assertEquals(datetime instanceof Date, true);
});

Deno.test("a logger gives its handlers what is at its level or above", () => {
  const list = new ListHandler("NOTSET");
  const logger = new Logger("test", "WARN", { handlers: [list] });
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  logger.critical("e");
  assertEquals(list.lines, ["WARN c", "ERROR d", "CRITICAL e"]);

  logger.levelName = "ERROR";
  logger.warn("f");
  logger.level = LogLevels.DEBUG;
  logger.debug("g");
  assertEquals(list.lines.slice(3), ["DEBUG g"]);
  assertEquals(logger.levelName, "DEBUG");
});

Deno.test("a handler drops what is below its level", () => {
  const list = new ListHandler("ERROR");
  list.handle(record("warn"));
  list.handle(record("error"));
  list.levelName = "INFO";
  list.handle(record("info"));
  assertEquals(list.lines, ["ERROR text", "INFO text"]);
  assertStrictEquals(list.level, LogLevels.INFO);
});

Deno.test("a formatter makes the text", () => {
  const formatter = (it: LogRecord): string => `${it.loggerName}|${it.levelName}|${it.msg}|${it.args.join()}`;
  const list = new ListHandler("DEBUG", { formatter });
  new Logger("test", "DEBUG", { handlers: [list] }).info("text", 1, "two");
  assertEquals(list.lines, ["test|INFO|text|1,two"]);
});

Deno.test("a message that is a function is called only when it is logged", () => {
  const list = new ListHandler("DEBUG");
  const logger = new Logger("test", "INFO", { handlers: [list] });
  assertStrictEquals(logger.info(() => "lazy"), "lazy");
  assertStrictEquals(
    logger.debug((): string => {
      throw new Error("called");
    }),
    undefined,
  );
  assertEquals(list.lines, ["INFO lazy"]);
});

Deno.test("what is logged is returned, and becomes text", () => {
  const list = new ListHandler("DEBUG", { formatter: ({ msg }) => msg });
  const logger = new Logger("test", "INFO", { handlers: [list] });
  assertStrictEquals(logger.debug("not logged"), "not logged");
  assertStrictEquals(logger.info(5), 5);
  logger.info({ a: 1, b: "x" });
  logger.info(null);
  assertEquals(list.lines, ["5", '{"a":1,"b":"x"}', "null"]);
});

Deno.test("setup connects loggers and handlers by name", () => {
  const [main, other] = [new ListHandler("DEBUG"), new ListHandler("WARN")];
  setup({
    handlers: { main, other },
    loggers: {
      default: { level: "DEBUG", handlers: ["main", "other"] },
      net: { level: "ERROR", handlers: ["other"] },
    },
  });
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  log.critical("e");
  getLogger("net").warn("f");
  getLogger("net").error("g");
  assertEquals(main.lines, ["DEBUG a", "INFO b", "WARN c", "ERROR d", "CRITICAL e"]);
  assertEquals(other.lines, ["WARN c", "ERROR d", "CRITICAL e", "ERROR g"]);
  assertStrictEquals(getLogger(), getLogger("default"));

  setup({});
  assertEquals(main.events, ["setup", "destroy"]);
});

Deno.test("a logger that was not set up has no handlers", () => {
  setup({});
  const logger = getLogger("nobody");
  assertStrictEquals(logger, getLogger("nobody"));
  assertEquals(logger.handlers, []);
  assertStrictEquals(logger.error("unheard"), "unheard");
});

Deno.test("a level that does not exist is an error", () => {
  assertThrows(() => new ListHandler("LOUD" as log.LevelName), Error, "LOUD");
  const logger = new Logger("test", "INFO");
  assertThrows(() => logger.level = 7 as log.LogLevel, TypeError);
});

Deno.test("the console shows the level as a colour", () => {
  const handler = new ConsoleHandler("DEBUG");
  assertEquals(handler.format(record("debug")), "DEBUG text");
  assertEquals(handler.format(record("warn")), yellow("WARN text"));
  assertEquals(handler.format(record("critical")), bold(red("CRITICAL text")));
  assertEquals(
    new ConsoleHandler("DEBUG", { useColors: false }).format(record("error")),
    "ERROR text",
  );
});

Deno.test("a file gets its lines when they are flushed", () =>
  withFile((path) => {
    const file = new FileHandler("INFO", { filename: path });
    file.setup();
    file.handle(record("debug"));
    file.handle(record("info"));
    assertEquals(Deno.readTextFileSync(path), "");
    file.flush();
    assertEquals(Deno.readTextFileSync(path), "INFO text\n");
    file.handle(record("error"));
    file.handle(record("critical"));
    assertEquals(Deno.readTextFileSync(path), "INFO text\nERROR text\nCRITICAL text\n");
    file.log("last");
    file.destroy();
    assertEquals(Deno.readTextFileSync(path), "INFO text\nERROR text\nCRITICAL text\nlast\n");
  }));

Deno.test("a line longer than the buffer is written whole and in order", () =>
  withFile((path) => {
    const file = new FileHandler("INFO", { filename: path, bufferSize: 10 });
    file.setup();
    file.log("short");
    file.log("é".repeat(20));
    file.log("end");
    file.destroy();
    assertEquals(Deno.readTextFileSync(path), `short\n${"é".repeat(20)}\nend\n`);
  }));

Deno.test("a file is appended to, started afresh or has to be new", () =>
  withFile((path) => {
    const write = (mode: log.LogMode, line: string): void => {
      const file = new FileHandler("INFO", { filename: path, mode });
      file.setup();
      file.log(line);
      file.destroy();
    };
    write("a", "one");
    write("a", "two");
    assertEquals(Deno.readTextFileSync(path), "one\ntwo\n");
    write("w", "three");
    assertEquals(Deno.readTextFileSync(path), "three\n");
    assertThrows(() => write("x", "four"), Deno.errors.AlreadyExists);
  }));

Deno.test("setup opens a file with a formatter, and the next setup closes it", () =>
  withFile((path) => {
    const file = new FileHandler("DEBUG", { filename: path, formatter: ({ msg, args }) => `${msg} ${args}` });
    setup({ handlers: { file }, loggers: { default: { level: "DEBUG", handlers: ["file"] } } });
    log.info("sent", 3);
    setup({});
    assertEquals(Deno.readTextFileSync(path), "sent 3\n");
  }));
