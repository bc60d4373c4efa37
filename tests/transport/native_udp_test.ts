import { assertEquals } from "@std/assert";
import { primitives } from "../../core/base/crypto.ts";
import { systemPrimitives } from "../../transport/native_aead.ts";
import { NativeUdp } from "../../transport/native_udp.ts";
import { bindUdp } from "../../transport/udp.ts";

const FFI = Deno.permissions.querySync({ name: "ffi" }).state === "granted";

Deno.test({
  name: "the system's own calls are used where FFI is permitted, and nowhere else (Linux)",
  ignore: Deno.build.os !== "linux",
  fn() {
    const socket = bindUdp("127.0.0.1", 0, "-p");
    const native = NativeUdp.of(socket.address);
    assertEquals(native !== undefined, FFI);
    native?.close();
    socket.close();
    if (!FFI) assertEquals(systemPrimitives(), primitives);
  },
});

Deno.test({
  name: "socket, driver and sealing do the same with the system's own calls (Linux)",
  // With FFI permitted these tests have used them already.
  ignore: Deno.build.os !== "linux" || FFI,
  async fn() {
    const names = ["udp_test.ts", "driver_test.ts", "native_udp_test.ts", "native_aead_test.ts"];
    const files = names.map((name) => `${import.meta.dirname}/${name}`);
    const args = ["test", "-A", "--no-check", ...files];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assertEquals(code, 0, new TextDecoder().decode(stdout));
  },
});
