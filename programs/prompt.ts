/** The user's side of a client: lines typed or read become actions, notices become lines on the screen. */
import type { Commands, ScreenRequest } from "../commands/_registry.ts";
import type { Action } from "../core/action.ts";
import { utf8Length } from "../core/base/bytes.ts";
import { harmless } from "../core/base/text.ts";
import { type Nick, type NickKey, nickKey } from "../core/messages/nick.ts";
import { type Notice, render, type Rendered } from "../core/notice.ts";
import type { Input } from "../terminal/input.ts";
import { openLines } from "../terminal/line_mode.ts";
import { Pace } from "../terminal/pace.ts";
import { openTerminal, type Screen } from "../terminal/terminal.ts";
import { completions } from "./completing.ts";
import { type Conversation, type LineResult, promptOf, readLine } from "./reading.ts";

/** Of a longer line a terminal that collects lines drops the rest (Linux, N_TTY_BUF_SIZE). */
const TERMINAL_LINE_BYTES = 4095;
const CUT_OFF: LineResult = {
  type: "wrong",
  reason:
    `this terminal gives only ${TERMINAL_LINE_BYTES} bytes of a line, the rest is lost: nothing was sent`,
};

/** How the client looks on a terminal. */
export interface ViewSettings {
  /** Lines are only ever appended, and hold nothing but text. */
  readonly isPlain: boolean;
}

/** Where the user's lines come from. */
export interface InputSettings {
  /** `undefined` if the user is at a terminal that is painted on. */
  readonly input: Input | undefined;
  /** True if a person reads the lines as they come, and not a program. */
  readonly isAttended: boolean;
}

export class Prompt {
  readonly #commands: Commands;
  readonly #isAttended: boolean;
  readonly #hand: (action: Action) => void;
  readonly #pace = new Pace();
  readonly #screen: Screen;
  /** Nicks that have stood in the table. */
  readonly #nicks = new Map<NickKey, Nick>();
  /** Where the user's lines go; `undefined` while they are commands. */
  #conversation: Conversation | undefined;
  #hasEnded = false;
  /** True if the server is silent and no key was pressed since that was said. */
  #awaitsKey = false;
  #sawFailure = false;

  /** `hand` takes each action of the user. */
  constructor(commands: Commands, { input, isAttended }: InputSettings, hand: (action: Action) => void) {
    this.#commands = commands;
    this.#isAttended = isAttended;
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
    if (notice.type === "tableChanged") this.#meet(notice.rows);
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
      prompt: promptOf(this.#conversation),
      complete: (line, cursor) => this.#complete(line.slice(0, cursor)),
      onTooLong: (bytes) => this.#refuse({ type: "tooLong", bytes }),
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
        if (this.#isAttended && utf8Length(line) >= TERMINAL_LINE_BYTES) return CUT_OFF;
        const result = this.#read(line, omitted);
        // A person sets the pace.
        if (!this.#isAttended) await this.#pace.ready(result?.type === "actions" ? result.actions : []);
        return result;
      },
      take: (result) => {
        this.#sawKey();
        const complain = this.#isAttended ? (reason: string) => this.say(reason) : console.error;
        if (result !== undefined) this.#perform(result, complain);
      },
      onEnd: () => {
        if (this.#isAttended) return this.#hand({ type: "leave" });
        this.#hasEnded = true;
        this.#hand({ type: "finish" });
      },
    }, this.#isAttended);
  }

  #read(line: string, omitted: number): LineResult | undefined {
    return readLine(this.#commands, this.#conversation, line, omitted);
  }

  #complete(before: string): string[] {
    const nicks = [...this.#nicks.values()];
    return completions(this.#commands, nicks, this.#conversation, before);
  }

  #meet(rows: readonly { readonly nick: Nick }[]): void {
    for (const { nick } of rows) this.#nicks.set(nickKey(nick), nick);
  }

  #do(request: ScreenRequest): void {
    switch (request.do) {
      case "talk":
        return this.#talk(request.to);
      case "leave":
        return this.#leave();
    }
  }

  #talk(to: string | undefined): void {
    const nick = to === undefined ? undefined : this.#nicks.get(nickKey(to));
    // Before the table has come nobody knows who is in it. A message to nobody is refused later.
    if (to !== undefined && nick === undefined && this.#nicks.size > 0) {
      return this.#refuse({ type: "unknownPeer", nick: to });
    }
    this.#go({ to: nick ?? to });
    const whom = to === undefined ? "everybody, on the channel" : nick ?? to;
    this.say(`[You talk to ${whom}: only lines that begin with '/' are commands, '/leave' goes back.]`);
  }

  #leave(): void {
    if (this.#conversation === undefined) {
      this.#sawFailure = true;
      return this.say("[You are in no conversation, 'talk NICK' begins one and 'talk' one with everybody.]");
    }
    this.#go(undefined);
    this.say("[Lines are commands again.]");
  }

  #go(conversation: Conversation | undefined): void {
    this.#conversation = conversation;
    this.#screen.setPrompt(promptOf(conversation));
  }

  /** Refuses what the client would refuse, in its words. */
  #refuse(notice: Notice): void {
    this.#sawFailure = true;
    this.#screen.print(render(notice, () => 0).lines);
  }

  #perform(result: LineResult, complain: (line: string) => void): void {
    switch (result.type) {
      case "tooLong":
        return this.#refuse(result);
      case "screen":
        return this.#do(result.request);
      case "lines":
        return this.#screen.print(result.lines);
      case "wrong":
        this.#sawFailure = true;
        return complain(harmless(result.reason));
      case "actions":
        for (const action of result.actions) {
          // For whoever reads a script this is the end of the input: the status does not depend on whether
          // the rest of it had come in time.
          if (!this.#isAttended && action.type === "quit") this.#hasEnded = true;
          this.#act(action);
        }
    }
  }
}
