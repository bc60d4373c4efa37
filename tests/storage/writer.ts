/**
 * A process for the tests to kill: opens the file, says how many records it found, then saves one record
 * after the other and prints each number once it is durable. Arguments: the file, and how many bytes a record
 * has.
 */
import { openSqlite } from "../../storage/sqlite.ts";
import { StoreError } from "../../storage/store_error.ts";

const [path = "", bytes = "100"] = Deno.args;
const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

try {
  const store = openSqlite(path, "server");
  let count = [...store.read()].length;
  print(`found ${count}`);
  for (;;) {
    store.commit([{
      type: "save",
      key: String(count).padStart(8, "0"),
      value: new Uint8Array(Number(bytes)),
    }]);
    print(String(count++));
  }
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  print(error.message);
}
