/** As much of JSON Schema (2020-12) as `parley schema` uses. */
import type { Schema } from "../../programs/schema.ts";

/** The faults of a value; none if it is of the shape. */
export function violations(value: unknown, schema: Schema, root: Schema, path = ""): string[] {
  const found: string[] = [];
  const check = (isRight: boolean, what: string) => {
    if (!isRight) found.push(`${path || "it"}: ${what}`);
  };
  for (const [keyword, rule] of Object.entries(schema)) {
    switch (keyword) {
      case "type":
        check([rule].flat().some((type) => isOfType(value, String(type))), `not ${JSON.stringify(rule)}`);
        break;
      case "const":
        check(value === rule, `not ${rule}`);
        break;
      case "enum":
        check((rule as unknown[]).includes(value), `not one of ${rule}`);
        break;
      case "pattern":
        if (typeof value === "string") check(new RegExp(String(rule)).test(value), `not like ${rule}`);
        break;
      case "format":
        check(typeof value === "string" && new Date(value).toISOString() === value, `not ${rule}`);
        break;
      case "minimum":
        if (typeof value === "number") check(value >= Number(rule), `less than ${rule}`);
        break;
      case "required":
        if (isObject(value)) { for (const name of rule as string[]) check(name in value, `no '${name}'`); }
        break;
      case "properties":
        if (!isObject(value)) break;
        for (const [name, property] of Object.entries(value)) {
          const shape = (rule as Record<string, Schema>)[name];
          // Fields that nobody has described are a mistake here, though readers must bear them.
          check(shape !== undefined, `'${name}' is not described`);
          if (shape !== undefined) found.push(...violations(property, shape, root, `${path}.${name}`));
        }
        break;
      case "items":
        if (!Array.isArray(value)) break;
        value.forEach((item, at) => found.push(...violations(item, rule as Schema, root, `${path}[${at}]`)));
        break;
      case "oneOf": {
        const shapes = (rule as Schema[]).map((each) => violations(value, each, root, path));
        check(shapes.filter((each) => each.length === 0).length === 1, `of no one shape: ${shapes}`);
        break;
      }
      case "$ref": {
        const defs = root["$defs"] as Record<string, Schema>;
        found.push(...violations(value, defs[String(rule).split("/").at(-1)!]!, root, path));
        break;
      }
      case "$schema":
      case "$defs":
      case "title":
      case "description":
        break;
      default:
        check(false, `the keyword '${keyword}' is not known here`);
    }
  }
  return found;
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "string":
      return typeof value === "string";
    default:
      return typeof value === "boolean";
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
