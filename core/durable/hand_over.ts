/** A state folder forgets some of its records when its identity gets a successor. */
import type { Millis } from "../base/units.ts";
import type { Change, Records } from "../machine.ts";
import { OUTBOX, PREKEY } from "./records.ts";

/**
 * The changes that make a folder ready for the successor of its identity. A thief may have a copy of the
 * prekey of the day, so the successor begins with another one. The letters in the outbox are sealed and
 * signed by the old identity, so they are made anew.
 */
export function handOver(now: Millis, records: Records): Change[] {
  const kept = [...records];
  const prekeys = [...PREKEY.read(kept)].filter(([, { supersededAt }]) => supersededAt === 0);
  const sealed = [...OUTBOX.read(kept)].filter(([, { sealing }]) => sealing.length > 0);
  return [
    ...prekeys.map(([name, prekey]): Change => {
      const supersededAt = Math.max(Math.floor(now), prekey.at);
      return { type: "save", key: PREKEY.key(name), value: PREKEY.encode({ ...prekey, supersededAt }) };
    }),
    ...sealed.map(([name, message]): Change => {
      const value = OUTBOX.encode({ ...message, sealing: [] });
      return { type: "save", key: OUTBOX.key(name), value };
    }),
  ];
}
