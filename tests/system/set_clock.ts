/**
 * Runs before the program: its wall clock is off by SET_CLOCK milliseconds, and with each SIGUSR2 right and
 * off again in turn.
 */
const { now } = Date;
let by = Number(Deno.env.get("SET_CLOCK"));
let other = 0;
Date.now = () => now() + by;
Deno.addSignalListener("SIGUSR2", () => [by, other] = [other, by]);
