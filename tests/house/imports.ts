/**
 * The imports of the project's files, found by the linter's parser: static, of types, dynamic, and
 * re-exports.
 */
import { dirname, join, relative } from "node:path";
import config from "../../deno.json" with { type: "json" };

/** The folder of the project. */
export const ROOT = join(import.meta.dirname!, "..", "..");

/** The names that the import map gives to files of this project. */
const NAMED_FILES: Readonly<Record<string, string>> = config.imports;

/** Stands in a path for what a template puts in when the program runs. */
const ANYTHING = "*";

/**
 * Calls `found` for each import of a file of the project, with the path of that file from the project's
 * folder. An import whose path is computed cannot be read and is left out.
 */
export function visitImports(
  importer: string,
  found: (node: Deno.lint.Node, path: string) => void,
): Deno.lint.LintVisitor {
  const visit = (node: Deno.lint.Node, source: Deno.lint.Node | null): void => {
    const specifier = source === null ? undefined : specifierOf(source);
    const path = specifier === undefined ? undefined : resolve(importer, specifier);
    if (path !== undefined) found(node, path);
  };
  return {
    ImportDeclaration: (node) => visit(node, node.source),
    ExportAllDeclaration: (node) => visit(node, node.source),
    ExportNamedDeclaration: (node) => visit(node, node.source),
    ImportExpression: (node) => visit(node, node.source),
    TSImportType: (node) =>
      visit(node, node.argument.type === "TSLiteralType" ? node.argument.literal : node.argument),
  };
}

/** Every source file of the project with the files that it imports, as paths from the project's folder. */
export function readImports(): ReadonlyMap<string, readonly string[]> {
  const files = sourceFiles();
  return new Map(files.map((file) => {
    const others = files.filter((other) => other !== file);
    return [
      file,
      importsOf(file).flatMap((path) => path.includes(ANYTHING) ? matching(path, others) : [path]),
    ];
  }));
}

/** All source files, sorted, as paths from the project's folder. */
export function sourceFiles(): string[] {
  return [...filesBelow(ROOT)].map((file) => relative(ROOT, file)).filter((file) => file.endsWith(".ts"))
    .sort();
}

function specifierOf(source: Deno.lint.Node): string | undefined {
  if (source.type === "Literal") return String(source.value);
  if (source.type === "TemplateLiteral") return source.quasis.map(({ cooked }) => cooked).join(ANYTHING);
  return undefined;
}

/** The path from the project's folder, or `undefined` for a module from elsewhere. */
function resolve(importer: string, specifier: string): string | undefined {
  const named = NAMED_FILES[specifier];
  if (named?.startsWith("./")) return join(named);
  return /^\.\.?\//.test(specifier) ? relative(ROOT, join(dirname(importer), specifier)) : undefined;
}

function importsOf(file: string): string[] {
  const paths: string[] = [];
  const path = join(ROOT, file);
  const rule: Deno.lint.Rule = {
    create: () => visitImports(path, (_node, imported) => paths.push(imported)),
  };
  Deno.lint.runPlugin({ name: "imports", rules: { read: rule } }, path, Deno.readTextFileSync(path));
  return paths;
}

function matching(template: string, files: readonly string[]): string[] {
  const [before = "", ...behind] = template.split(ANYTHING);
  const after = behind.at(-1) ?? "";
  return files.filter((file) => file.startsWith(before) && file.endsWith(after));
}

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (!isDirectory) yield path;
    else if (name !== ".git" && name !== "node_modules") yield* filesBelow(path);
  }
}
