// Holds every call of a walk against the server's description of it: its status, its type and,
// where that is JSON, its form.
import type { Middleware } from "openapi-fetch";

type Schema = {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
};
type Reply = { $ref?: string; content?: Record<string, { schema?: Schema }> };
type Operation = { responses: Record<string, Reply> };
export type Description = { paths: Record<string, Record<string, Operation>> };

/** Prints each call, and throws where an answer is not as described. */
export function watch(description: Description): Middleware {
  return {
    async onResponse({ schemaPath, request, response }) {
      const call = `${request.method} ${schemaPath}`;
      console.log(`called ${call}`);
      const operation = description.paths[schemaPath]?.[request.method.toLowerCase()];
      const reply = resolve(description, operation?.responses[response.status]);
      if (reply === undefined) throw new Error(`${call}: ${response.status} is not described`);
      const type = response.headers.get("content-type")?.split(";")[0];
      if (type === undefined || [204, 304].includes(response.status)) return;
      const content = reply.content?.[type];
      if (content === undefined) throw new Error(`${call}: ${type} is not described`);
      if (type !== "application/json" || content.schema === undefined) return;
      const problem = differs(description, content.schema, await response.clone().json(), "body");
      if (problem !== undefined) throw new Error(`${call}: ${problem}`);
    },
  };
}

function resolve<T extends { $ref?: string }>(root: object, item: T | undefined): T | undefined {
  if (item?.$ref === undefined) return item;
  const steps = item.$ref.slice(2).split("/");
  return steps.reduce<any>((place, step) => place?.[step], root);
}

/** Where a value is not what its schema says. */
function differs(root: object, link: Schema, value: unknown, place: string): string | undefined {
  const schema = resolve(root, link) ?? {};
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    const found = choices.map((choice) => differs(root, choice, value, place));
    return found.every((problem) => problem !== undefined) ? found.join("; or ") : undefined;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return `${place} is none of ${schema.enum.join(", ")}`;
  }
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  if (types !== undefined && !types.some((type) => is(type, value))) {
    return `${place} is ${JSON.stringify(value)}, and not ${types.join(" or ")}`;
  }
  if (Array.isArray(value)) {
    return first(value, (item, n) => differs(root, schema.items ?? {}, item, `${place}[${n}]`));
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { properties, required, rest } = members(root, schema);
  const missing = required.find((name) => !(name in value));
  if (missing !== undefined) return `${place} has no ${missing}`;
  return first(Object.entries(value), ([name, member]) => {
    const described = properties[name] ?? rest;
    if (described === undefined) return `${place}.${name} is not described`;
    return differs(root, described, member, `${place}.${name}`);
  });
}

/** The members of an object, those of its parts included; `rest` describes all others. */
function members(root: object, schema: Schema) {
  const parts = [schema, ...(schema.allOf ?? [])].map((part) => resolve(root, part) ?? {});
  const properties: Record<string, Schema> = Object.assign({}, ...parts.map((part) => part.properties));
  const required = parts.flatMap((part) => part.required ?? []);
  const others = parts.map((part) => part.additionalProperties).find((found) => found !== undefined);
  const open = others === true || (others === undefined && Object.keys(properties).length === 0);
  const rest = typeof others === "object" ? others : open ? {} : undefined;
  return { properties, required, rest };
}

function is(type: string, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function first<T>(items: T[], problem: (item: T, n: number) => string | undefined) {
  for (const [n, item] of items.entries()) {
    const found = problem(item, n);
    if (found !== undefined) return found;
  }
  return undefined;
}
