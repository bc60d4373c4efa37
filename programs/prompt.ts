/** The user's side of a client: lines typed or read become actions, notices become lines on the screen. */
import type { Commands, PromptResult } from "../commands/_registry.ts";
import type { Action } from "../core/action.ts";
import { utf8Length } from "../core/base/bytes.ts";
import { harmless } from "../core/base/text.ts";
import { nickKey } from "../core/messages/nick.ts";
import { type Notice, render, type Rendered } from "../core/notice.ts";
import type { Input } from "../terminal/input.ts";
import { openLines } from "../terminal/line_mode.ts";
import { LineSplitter } from "../terminal/line_splitter.ts";
import { isMessage, Pace } from "../terminal/pace.ts";
import { openTerminal, type Screen } from "../terminal/terminal.ts";

const PROMPT = ">>> ";

/** The source of the user's lines. */
export interface InputSettings {
  /** `undefined` if the user is at a terminal. */
  readonly input: Input | undefined;
}

export class Prompt {
  readonly #commands: Commands;
  readonly #isScript: boolean;
  readonly #hand: (action: Action) => void;
  readonly #pace = new Pace();
  readonly #screen: Screen;
  /** Nicks that have stood in the table, or were found in a larger one, for the Tab key. */
  readonly #nicks = new Set<string>();
  /** True if there are nicks that never stood in the table. */
  #isPart = false;
  #hasEnded = false;
  /** True if the server is silent and no key was pressed since that was said. */
  #awaitsKey = false;
  #sawFailure = false;

  /** `hand` takes each action of the user. */
  constructor(commands: Commands, { input }: InputSettings, hand: (action: Action) => void) {
    this.#commands = commands;
    this.#isScript = input !== undefined;
    this.#hand = hand;
    this.#screen = input === undefined ? this.#openTerminal() : this.#openLines(input);
  }

  /** True if some text did not arrive at its reader. */
  get isBroken(): boolean {
    return this.#screen.isBroken;
  }

  /** True if commands came from a pipe or a file, were read to its end or `quit`, and one of them failed. */
  get hasFailed(): boolean {
    return this.#hasEnded && this.#sawFailure;
  }

  /** Hands over an action, and counts it until its notice "settled" comes. */
  #act(action: Action): void {
    this.#pace.began();
    this.#hand(action);
  }

  /** Shows a notice. Lines on standard error are the client's last, so the terminal is given back first. */
  show(notice: Notice, { stream, lines, isFailure }: Rendered): void {
    if (notice.type === "settled") this.#pace.settled();
    if (notice.type === "tableChanged") {
      this.#isPart = notice.counts !== undefined;
      for (const { nick } of notice.rows) this.#nicks.add(nick);
    }
    if (notice.type === "nicksFound") { for (const nick of notice.nicks) this.#nicks.add(nick); }
    if (isFailure) this.#sawFailure = true;
    if (stream === "screen") this.#screen.print(lines);
    if (notice.type === "serverSilent") this.#saidSilent();
    if (stream !== "error" || this.isBroken) return;
    this.#screen.close();
    for (const line of lines) console.error(line);
  }

  /** The client registers by itself: that counts as a command until its notice "settled" comes. */
  awaits(): void {
    this.#pace.began();
  }

  /** Says something that is not a notice. */
  say(line: string): void {
    this.#screen.print([harmless(line)]);
  }

  close(): void {
    this.#screen.close();
  }

  /** The client may be about to give up: it is told when somebody is typing. */
  #saidSilent(): void {
    this.#awaitsKey = true;
    if (this.#screen.isTyping) this.#sawKey();
  }

  #sawKey(): void {
    if (!this.#awaitsKey) return;
    this.#awaitsKey = false;
    this.#hand({ type: "stay" });
  }

  #openTerminal(): Screen {
    const leave = () => this.#hand({ type: "leave" });
    return openTerminal({
      prompt: PROMPT,
      complete: (line, cursor) => this.#complete(line.slice(0, cursor)),
      onTooLong: (bytes) => this.#refuse(bytes),
      onLine: (line, omitted) => {
        const result = this.#read(line, omitted);
        if (result !== undefined) this.#perform(result, (reason) => this.#screen.print([reason]));
      },
      onKey: () => this.#sawKey(),
      onInterrupt: leave,
      onEnd: leave,
    });
  }

  #openLines(input: Input): Screen {
    return openLines(input, {
      parse: async (line, omitted) => {
        const result = this.#read(line, omitted);
        await this.#pace.ready(result?.type === "actions" ? result.actions : []);
        return result;
      },
      take: (result) => {
        if (result !== undefined) this.#perform(result, (reason) => console.error(reason));
      },
      onEnd: () => {
        this.#hasEnded = true;
        this.#hand({ type: "finish" });
      },
    });
  }

  #read(line: string, omitted: number): LineResult | undefined {
    return readLine(this.#commands, line, omitted);
  }

  /** Says that a text is too long, as the client does. */
  #refuse(bytes: number): void {
    this.#sawFailure = true;
    this.#screen.print(render({ type: "tooLong", bytes }, () => 0).lines);
  }

  #perform(result: LineResult, complain: (line: string) => void): void {
    switch (result.type) {
      case "tooLong":
        return this.#refuse(result.bytes);
      case "lines":
        return this.#screen.print(result.lines);
      case "wrong":
        this.#sawFailure = true;
        return complain(harmless(result.reason));
      case "actions":
        for (const action of result.actions) {
          // For whoever reads a script this is the end of the input: the status does not depend on whether
          // the rest of it had come in time.
          if (this.#isScript && action.type === "quit") this.#hasEnded = true;
          this.#act(action);
        }
    }
  }

  /**
   * Candidates for the last word: commands as the first word and behind `help`, nicks as the second.
   * With a large table the next press of the key knows more, because the server is asked.
   */
  #complete(before: string): string[] {
    const words = before.trimStart().split(/\s+/);
    const word = words.at(-1) ?? "";
    if (words.length > 2) return [];
    const isCommand = words.length === 1 || words[0] === "help";
    if (!isCommand && this.#isPart) this.#act({ type: "completeNick", prefix: word });
    const candidates = isCommand ? this.#commands.at("prompt").map(({ name }) => name) : [...this.#nicks];
    return candidates.filter((candidate) => nickKey(candidate).startsWith(nickKey(word))).sort();
  }
}

/** The actions that a line asks for, or the length of its text if that was too long to be read as a whole. */
type LineResult = PromptResult | { readonly type: "tooLong"; readonly bytes: number };

/** A blank line asks for nothing. `omitted`: how many bytes the line lacks. Nothing is sent without them. */
function readLine(commands: Commands, line: string, omitted: number): LineResult | undefined {
  if (line.trim() === "") return undefined;
  const result = commands.runLine(line);
  if (omitted === 0 || result.type !== "actions") return result;
  const text = result.actions.map((action) => "text" in action ? action.text : "").join("");
  const begin = text === "" ? 0 : line.lastIndexOf(text);
  return { type: "tooLong", bytes: utf8Length(line.slice(begin)) + omitted };
}

/**
 * True if a whole input sends something and does nothing else. Nobody has to be online for that, and no mail
 * is to be shown (docs/protocol.md, section 7).
 */
export function onlySends(commands: Commands, input: readonly Uint8Array[]): boolean {
  const splitter = new LineSplitter();
  const read = (line: string) => readLine(commands, line, splitter.omitted);
  const results = [
    ...input.flatMap((piece) => splitter.push(piece).map(read).toArray()),
    ...splitter.end().map(read),
  ]
    .filter((result) => result !== undefined);
  const actions = results.flatMap((result) => result.type === "actions" ? result.actions : []);
  return results.every(({ type }) => type === "actions") && actions.some(isMessage) &&
    actions.every((action) => isMessage(action) || action.type === "quit");
}
