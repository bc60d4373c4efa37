/**
 * The content of a SQLite file and its write-ahead log, put together in memory, so that neither file has to
 * be opened by SQLite, which would change them (https://www.sqlite.org/fileformat2.html, section 4).
 */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** So much of the header of the log, and of the header of a frame, is under the checksum. */
const HEADER_SUMMED_BYTES = 24;
const FRAME_SUMMED_BYTES = 8;

/** The log's magic numbers; the second one says that the checksums are big-endian. */
const MAGIC = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;

/** Both of these bytes of a file say 2 where a log belongs to it, and 1 where none does. */
const MODE_OFFSETS = [18, 19];
const MODE_WITHOUT_LOG = 1;

/** The content of the file once all commits in the log are in it, as a file without a log. */
export function withLog(file: Uint8Array, log: Uint8Array): Uint8Array {
  const { pages, count, pageBytes } = committed(log);
  const whole = new Uint8Array(count === undefined ? file.length : count * pageBytes);
  whole.set(file.subarray(0, whole.length));
  for (const [number, page] of pages) whole.set(page, (number - 1) * pageBytes);
  for (const offset of MODE_OFFSETS) if (offset < whole.length) whole[offset] = MODE_WITHOUT_LOG;
  return whole;
}

interface Committed {
  /** The last content of each page, by its number from 1. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
  /** How many pages the file has after the last commit; `undefined` if there was none. */
  readonly count: number | undefined;
  readonly pageBytes: number;
}

/** Frames count up to the last one that ends a commit, and only as long as salts and checksums are right. */
function committed(log: Uint8Array): Committed {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const pages = new Map<number, Uint8Array>();
  const magic = log.length < HEADER_BYTES ? 0 : view.getUint32(0);
  if (magic !== MAGIC && magic !== MAGIC_BIG_ENDIAN) return { pages, count: undefined, pageBytes: 0 };
  const isLittle = magic === MAGIC;
  const pageBytes = view.getUint32(8);
  const isSum = (at: number, [first, second]: Sum) =>
    view.getUint32(at) === first && view.getUint32(at + 4) === second;
  const isSalt = (at: number) =>
    view.getUint32(at) === view.getUint32(16) && view.getUint32(at + 4) === view.getUint32(20);
  let sum = checksum(view, 0, HEADER_SUMMED_BYTES, [0, 0], isLittle);
  let open = new Map<number, Uint8Array>();
  let count: number | undefined;
  if (!isSum(HEADER_SUMMED_BYTES, sum)) return { pages, count, pageBytes };
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  for (let at = HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    const page = log.subarray(at + FRAME_HEADER_BYTES, at + frameBytes);
    sum = checksum(view, at, FRAME_SUMMED_BYTES, sum, isLittle);
    sum = checksum(view, at + FRAME_HEADER_BYTES, pageBytes, sum, isLittle);
    if (!isSalt(at + 8) || !isSum(at + 16, sum)) break;
    open.set(view.getUint32(at), page);
    if (view.getUint32(at + 4) === 0) continue;
    count = view.getUint32(at + 4);
    for (const [number, content] of open) pages.set(number, content);
    open = new Map();
  }
  // The file may have become shorter since a page was written.
  return { pages: new Map([...pages].filter(([number]) => number <= count!)), count, pageBytes };
}

type Sum = readonly [number, number];

function checksum(view: DataView, from: number, bytes: number, [first, second]: Sum, isLittle: boolean): Sum {
  for (let at = from; at < from + bytes; at += 8) {
    first = (first + view.getUint32(at, isLittle) + second) >>> 0;
    second = (second + view.getUint32(at + 4, isLittle) + first) >>> 0;
  }
  return [first, second];
}
