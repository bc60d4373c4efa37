import { numberOption, OptionError, readOptions } from "./_options.ts";
import { type Commands, LOG_LEVELS, type LogLevel, type Outcome } from "./_registry.ts";

const PORT = { least: 1, most: 65535, otherwise: 9999 };

export function register(commands: Commands): void {
  commands.add({
    name: "server",
    usage: "[options]",
    help: "start a server",
    details: [
      "-p, --port PORT     listen on this UDP port, 1 to 65535 (9999)",
      "--host ADDRESS      listen on this address of the machine (0.0.0.0, all of them)",
      "--data FILE         keep nicks and mail here; ':memory:' keeps nothing (the user's data folder)",
      "--name NAME         what clients are told that this server is called (the machine's name)",
      "--log-level LEVEL   DEBUG, INFO, WARN or ERROR, on standard error (INFO)",
    ],
    arity: { least: 0, most: Infinity },
    place: "shell",
    run: start,
  });
}

function start(args: readonly string[]): Outcome {
  const options = readOptions(args, ["port", "host", "data", "name", "log-level"], { port: "p" });
  const port = numberOption(options, "port", PORT);
  const host = options.host ?? "0.0.0.0";
  const logLevel = readLevel(options["log-level"] ?? "INFO");
  return {
    type: "start",
    program: { type: "server", options: { port, host, data: options.data, name: options.name, logLevel } },
  };
}

function readLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((candidate) => candidate === text.toUpperCase());
  if (level !== undefined) return level;
  throw new OptionError(`'${text}' is not one of ${LOG_LEVELS.join(", ")}, change '--log-level'`);
}
