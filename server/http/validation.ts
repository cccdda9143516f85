/** Turns what the schema library says about a value that does not fit into the API's own 400. */
import { ValueErrorType } from "@sinclair/typebox/errors";

import { invalidRequest } from "../errors.ts";
import type { ApiError } from "../errors.ts";

/** The part of a schema error that is used here. */
export interface SchemaError {
  type: number;
  /** JSON pointer. */
  path: string;
  message: string;
  schema?: Record<string, unknown>;
}

/** Rules by the schema keyword that was broken; what is not listed is `type`. */
const RULES: Partial<Record<number, string>> = {
  [ValueErrorType.ObjectRequiredProperty]: "required",
  [ValueErrorType.ObjectAdditionalProperties]: "unknown_field",
  [ValueErrorType.ObjectMinProperties]: "min_properties",
  [ValueErrorType.ObjectMaxProperties]: "max_properties",
  [ValueErrorType.ArrayMinItems]: "min_items",
  [ValueErrorType.ArrayMaxItems]: "max_items",
  [ValueErrorType.ArrayUniqueItems]: "unique_items",
  [ValueErrorType.StringMinLength]: "min_length",
  [ValueErrorType.StringMaxLength]: "max_length",
  [ValueErrorType.StringPattern]: "pattern",
  [ValueErrorType.StringFormat]: "format",
  [ValueErrorType.IntegerMinimum]: "minimum",
  [ValueErrorType.IntegerMaximum]: "maximum",
  [ValueErrorType.NumberMinimum]: "minimum",
  [ValueErrorType.NumberMaximum]: "maximum",
  [ValueErrorType.Literal]: "enum",
};

type Schema = Record<string, unknown>;

const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null;

const alternatives = (schema: Schema | undefined): Schema[] =>
  Array.isArray(schema?.["anyOf"]) ? schema["anyOf"].filter(isSchema) : [];

/** The words a schema allows, or none when it is no list of words. */
const wordsOf = (schema: Schema | undefined): unknown[] => {
  if (Array.isArray(schema?.["enum"])) return schema["enum"];
  const words = alternatives(schema).flatMap((one) => ("const" in one ? [one["const"]] : []));
  return words.length === alternatives(schema).length ? words : [];
};

const isNumber = (schema: Schema): boolean => schema["type"] === "integer" || schema["type"] === "number";

/** `/metadata/a~1b/0` as `metadata.a/b.0`. */
const fieldOf = (path: string): string =>
  path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");

const explain = (error: SchemaError): { rule: string; message: string } => {
  const words = wordsOf(error.schema);
  if (words.length > 0) return { rule: "enum", message: `expected one of ${words.join(", ")}` };
  if (alternatives(error.schema).some(isNumber)) return { rule: "type", message: "expected a number" };
  const message = `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
  return { rule: RULES[error.type] ?? "type", message };
};

const sentence = (field: string, rule: string, message: string): string => {
  if (rule === "unknown_field") return `There is no field ${field} here.`;
  if (rule === "required") return `${field} is required.`;
  return `${field}: ${message}.`;
};

/** @param where the part of the request (body, query, params), named when the whole of it does not fit. */
export const describeInvalid = (where: string, error: SchemaError | undefined): ApiError => {
  if (error === undefined) return invalidRequest(where, "type", `The ${where} does not fit.`);
  const field = fieldOf(error.path) || where;
  const { rule, message } = explain(error);
  return invalidRequest(field, rule, sentence(field, rule, message));
};
