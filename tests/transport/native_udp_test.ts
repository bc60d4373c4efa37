import { assertEquals } from "@std/assert";
import { bindUdp } from "../../transport/udp.ts";
import { NativeUdp } from "../../transport/native_udp.ts";

const FFI = Deno.permissions.querySync({ name: "ffi" }).state === "granted";

Deno.test("the system's own calls are used with all permissions alone", () => {
  const socket = bindUdp("127.0.0.1", 0, "-p");
  const native = NativeUdp.of(socket.address);
  assertEquals(native !== undefined, FFI);
  native?.close();
  socket.close();
});

Deno.test({
  name: "the socket and the driver do the same with the system's own calls (Linux)",
  // With all permissions they have just run so.
  ignore: Deno.build.os !== "linux" || FFI,
  async fn() {
    const files = ["udp_test.ts", "driver_test.ts", "native_udp_test.ts"].map((name) =>
      `${import.meta.dirname}/${name}`
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", ...files],
    })
      .output();
    assertEquals(code, 0, new TextDecoder().decode(stdout));
  },
});
