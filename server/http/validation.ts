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
  [ValueErrorType.Union]: "enum",
  [ValueErrorType.Kind]: "enum",
};

/** `/metadata/a~1b/0` as `metadata.a/b.0`. */
const fieldOf = (path: string): string =>
  path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");

const sentence = (field: string, rule: string, message: string): string => {
  if (rule === "unknown_field") return `There is no field ${field} here.`;
  if (rule === "required") return `${field} is required.`;
  return `${field}: ${message.charAt(0).toLowerCase()}${message.slice(1)}.`;
};

/** `where` names the part of the request when the whole of it does not fit: body, query, params. */
export const describeInvalid = (where: string, error: SchemaError | undefined): ApiError => {
  if (error === undefined) return invalidRequest(where, "type", `The ${where} does not fit.`);
  const field = fieldOf(error.path) || where;
  const rule = RULES[error.type] ?? "type";
  return invalidRequest(field, rule, sentence(field, rule, error.message));
};
