/**
 * Lint rules of this project. `pure-core` proves that `core/` has no I/O, no clock and no randomness: it
 * refuses every name by which core could reach them, and every import from outside of core. `rooms` holds all
 * imports against the plan of the house.
 * @module
 */
import { dirname, join } from "node:path";
import { ROOT } from "./house/imports.ts";
import { refuseWrongWays } from "./house/rooms.ts";

/** The folder that `pure-core` guards. */
const CORE = join(ROOT, "core", "/");

/** The one file that may import a module of the runtime, for its pure functions, and that module. */
const CRYPTO_FILE = `${CORE}base/crypto.ts`;
const CRYPTO_MODULE = "node:crypto";

/** `global` and `setImmediate` are here because Deno has them for Node's sake. */
const IMPURE_NAMES = (
  "Deno Date Intl Temporal performance console crypto fetch process setTimeout setInterval setImmediate " +
  "queueMicrotask globalThis global self Function eval"
).split(" ");

/** Each of these words in the text has to be one that the linter showed to the rule (see `reportUnseen`). */
const WATCHED_WORDS = new RegExp(`\\b(?:${[...IMPURE_NAMES, "Math", "import", "export"].join("|")})\\b`, "g");

const plugin: Deno.lint.Plugin = {
  name: "parley",
  rules: {
    "pure-core": {
      create(context): Deno.lint.LintVisitor {
        return context.filename.startsWith(CORE) ? refuseImpurity(context) : {};
      },
    },
    "rooms": { create: refuseWrongWays },
  },
};
export default plugin;

function refuseImpurity(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const seen: Deno.lint.Range[] = [];
  const see = ({ range }: { range: Deno.lint.Range }): void => {
    seen.push(range);
  };
  const seeKeyword = ({ range: [start] }: { range: Deno.lint.Range }): void => {
    seen.push([start, start + "import".length]);
  };
  const refuse = (node: Deno.lint.Node, message: string): void => context.report({ node, message });

  const checkSource = (node: Deno.lint.Node, source: Deno.lint.StringLiteral | null): void => {
    seeKeyword(node);
    if (source !== null && !isInsideCore(context.filename, source.value)) {
      refuse(node, `core imports nothing but itself, not '${source.value}'`);
    }
  };

  return {
    Identifier(node) {
      see(node);
      if (isPropertyName(node)) return;
      if (IMPURE_NAMES.includes(node.name)) refuse(node, `core is pure: it has no '${node.name}'`);
      if (node.name === "Math" && !isPureMath(node)) {
        refuse(node, "core is pure: of 'Math' it uses only 'Math.name', and never 'Math.random'");
      }
    },
    ImportDeclaration(node) {
      if (context.filename !== CRYPTO_FILE || node.source.value !== CRYPTO_MODULE) {
        checkSource(node, node.source);
        return;
      }
      seeKeyword(node);
      if (!node.specifiers.every(isPureCrypto)) {
        refuse(
          node,
          "core draws no randomness: import only pure functions from 'node:crypto', by their names",
        );
      }
    },
    ExportAllDeclaration: (node) => checkSource(node, node.source),
    ExportNamedDeclaration: (node) => checkSource(node, node.source),
    ExportDefaultDeclaration: seeKeyword,
    ImportExpression(node) {
      seeKeyword(node);
      refuse(node, "core has no dynamic imports");
    },
    TSImportType(node) {
      seeKeyword(node);
      refuse(node, "core imports types at the top of a file");
    },
    MetaProperty: seeKeyword,
    Literal: see,
    TemplateElement: see,
    PrivateIdentifier: see,
    "Program:exit": () => reportUnseen(context, seen),
  };
}

/** A relative import that does not lead out of core. */
function isInsideCore(filename: string, specifier: string): boolean {
  return /^\.\.?\//.test(specifier) && join(dirname(filename), specifier).startsWith(CORE);
}

/** Whether this is only the name of a member, as in `record.process` and `{ process: 1 }`. */
function isPropertyName(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  if (parent.type === "MemberExpression") return !parent.computed && parent.property === node;
  if (parent.type === "Property" && parent.shorthand) return false;
  return "key" in parent && "computed" in parent && !parent.computed && parent.key === node;
}

function isPureMath({ parent }: Deno.lint.Identifier): boolean {
  return parent.type === "MemberExpression" && !parent.computed &&
    parent.property.type === "Identifier" && parent.property.name !== "random";
}

/** A named import of something that draws no random numbers. */
function isPureCrypto(specifier: Deno.lint.ImportDeclaration["specifiers"][number]): boolean {
  if (specifier.type !== "ImportSpecifier") return false;
  const name = specifier.imported.type === "Identifier" ? specifier.imported.name : specifier.imported.value;
  return !/^(default|generate|webcrypto|subtle)|random/i.test(name);
}

/**
 * Deno's linter (2.9) shows a rule nothing of what follows an empty statement in the same block, or a hole in
 * an array. So whatever word the text has, outside of comments, and the linter did not show, is refused.
 */
function reportUnseen(context: Deno.lint.RuleContext, seen: Deno.lint.Range[]): void {
  const { sourceCode } = context;
  const known = [...seen, ...sourceCode.getAllComments().map((comment) => comment.range)];
  for (const { index, 0: word } of sourceCode.text.matchAll(WATCHED_WORDS)) {
    if (known.some(([start, end]) => start <= index && index < end)) continue;
    const message =
      `the linter cannot see this '${word}': remove the empty statement or array hole before it`;
    context.report({ range: [index, index + word.length], message });
  }
}
