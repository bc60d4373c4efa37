import type { HistoryPage, HistoryQuery, HistoryStore, Memory } from "../../core/machine.ts";
import { memoryName } from "../../core/history.ts";
import { stageOf } from "../../storage/memory_record.ts";

/** A history that outlives its process, in memory: every entry once, and its state only goes on. */
export class Remembered implements HistoryStore {
  readonly #memories = new Map<string, Memory>();

  commit(memories: readonly Memory[]): void {
    for (const memory of memories) {
      const name = memoryName(memory);
      const known = this.#memories.get(name);
      if (known === undefined || stageOf(known) < stageOf(memory)) this.#memories.set(name, memory);
    }
  }

  read({ count }: HistoryQuery, shownUntil: number): HistoryPage {
    const isShown = (memory: Memory) => memory.type !== "received" || memory.message.number <= shownUntil;
    const entries = this.all.filter(isShown).slice(-count)
      .map((memory, number) => ({ number, missed: 0, memory }));
    return { entries, next: undefined, isCut: false, searched: 0, total: this.#memories.size };
  }

  /** All entries, in the order in which they came. */
  get all(): readonly Memory[] {
    return [...this.#memories.values()];
  }

  /** The messages with their writers, and how far each of ours has come. */
  get lines(): string[] {
    return this.all.map((memory) => {
      if (memory.type === "gap") return `${memory.count} missing`;
      const { from, text } = memory.message;
      return `${from}: ${text}${memory.type === "written" ? ` (${memory.message.state})` : ""}`;
    });
  }
}
