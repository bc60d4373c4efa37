/** What counts as seen, and what is told of outside of the window. */
import { assertEquals } from "@std/assert";
import { mentions, Unread } from "../../programs/unread.ts";
import { notification } from "../../terminal/notification.ts";

Deno.test("nothing is unread that comes while the terminal has the focus", () => {
  const unread = new Unread();
  unread.focused(true, 0);
  assertEquals([unread.arrived("bob", 1), unread.summary], [false, ""]);
  unread.focused(false, 0);
  assertEquals([unread.arrived("bob", 2), unread.arrived("bob", 3)], [true, false]);
  assertEquals(unread.summary, "[bob 2] ");
  unread.focused(true, 0);
  assertEquals(unread.summary, "");
});

Deno.test("what has left the screen before somebody looked is not seen until a line is submitted", () => {
  const unread = new Unread();
  unread.focused(false, 0);
  for (let row = 1; row <= 5; row++) unread.arrived(row < 4 ? "bob" : "#channel", row);
  unread.focused(true, 3);
  assertEquals(unread.summary, "[bob 3] ");
  unread.submitted();
  assertEquals(unread.summary, "");
});

Deno.test("a terminal that never told its focus has it when a key is pressed, and only then", () => {
  const unread = new Unread();
  unread.arrived("bob", 1);
  unread.arrived("#channel", 2);
  assertEquals(unread.summary, "[bob 1, #channel 1] ");
  unread.pressed(1);
  assertEquals(unread.summary, "");
  assertEquals(unread.arrived("bob", 3), true);
});

Deno.test("a key that is pressed means the focus, though its report was lost", () => {
  const unread = new Unread();
  unread.focused(false, 0);
  unread.pressed(0);
  assertEquals(unread.arrived("bob", 1), false);
});

Deno.test("many conversations are told in few words", () => {
  const unread = new Unread();
  for (const [row, nick] of ["a", "b", "c", "d", "e", "f"].entries()) unread.arrived(nick, row);
  assertEquals(unread.summary, "[a 1, b 1, c 1, d 1, 2 more] ");
});

Deno.test("a mention is the nick as a word of its own", () => {
  for (const text of ["bob", "hi Bob!", "@bob: look", "(bob)", "it was bob.", "bob\nand more"]) {
    assertEquals(mentions(text, "bob"), true, text);
  }
  for (const text of ["", "bobby", "kabob", "bob-by", "b ob"]) {
    assertEquals(mentions(text, "bob"), false, text);
  }
});

Deno.test("the sequences of notifications, and how tmux hands them through", () => {
  assertEquals(notification("9", "bob: hi", false), "\x1b]9;bob: hi\x1b\\");
  assertEquals(notification("99", "bob: hi", false), "\x1b]99;;bob: hi\x1b\\");
  assertEquals(notification("777", "bob: a;b", false), "\x1b]777;notify;parley;bob: a,b\x1b\\");
  assertEquals(
    notification("9", "hi", true),
    "\x1bPtmux;\x1b\x1b]9;hi\x1b\x1b\\\x1b\\",
  );
});
