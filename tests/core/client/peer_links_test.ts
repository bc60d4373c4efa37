import { assertEquals } from "@std/assert";
import { PeerLinks } from "../../../core/client/peer_links.ts";
import { TestLink } from "../../kit/test_link.ts";

const [ONE, OTHER] = [new TestLink(0).link, new TestLink(0).link];

Deno.test("a link is found by the nick however it is written, and the nicks by the link", () => {
  const links = new PeerLinks();
  links.set("Bob", ONE);
  links.set("carol", OTHER);
  assertEquals([links.linkOf("BOB") === ONE, links.linkOf("carol") === OTHER, links.linkOf("dave")], [
    true,
    true,
    undefined,
  ]);
  assertEquals([links.nicksOn(ONE), links.nicksOn(OTHER)], [["bob"], ["carol"]]);
});

Deno.test("one peer may have had several nicks; they keep their order", () => {
  const links = new PeerLinks();
  for (const nick of ["bob", "carol", "BOB"]) links.set(nick, ONE);
  assertEquals(links.nicksOn(ONE), ["bob", "carol"]);
});

Deno.test("a nick that is written to over another link, or is somebody else's, is on the former one no longer", () => {
  const links = new PeerLinks();
  for (const nick of ["bob", "carol"]) links.set(nick, ONE);
  links.set("bob", OTHER);
  links.delete("CAROL");
  links.delete("dave");
  assertEquals([links.nicksOn(ONE), links.nicksOn(OTHER)], [[], ["bob"]]);
  assertEquals([links.linkOf("bob") === OTHER, links.linkOf("carol")], [true, undefined]);
});
