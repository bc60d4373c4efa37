/** What the kernel says of a process and of a socket. */

/** By way of cat: Deno itself reads no file of /proc without all permissions. */
function procFile(name: string): string {
  const { stdout } = new Deno.Command("cat", { args: [`/proc/${name}`], stderr: "null" }).outputSync();
  return new TextDecoder().decode(stdout);
}

export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(procFile(`${pid}/status`))?.[1]) * 1024;
}

/** Seconds that a process has computed. */
export function cpuSeconds(pid: number): number {
  const fields = procFile(`${pid}/stat`).replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Datagrams that the kernel has dropped at the UDP sockets of this port: nobody read them in time. */
export function socketDrops(port: number): number {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = `${procFile("net/udp")}\n${procFile("net/udp6")}`.split("\n");
  const ours = lines.map((line) => line.trim().split(/\s+/)).filter(([, local]) => local?.endsWith(suffix));
  return ours.reduce((sum, fields) => sum + Number(fields.at(-1)), 0);
}
