/** One request to the API, without credentials of its own: the path filled in, the answer read or thrown. */
import { toFailure, unreachable } from "./failure.ts";
import type { Answer, Body, Params, Query, RouteName } from "./routes.ts";

export interface Input<Name extends RouteName> {
  params?: Params<Name>;
  query?: Query<Name> & Record<string, unknown>;
  body?: Body<Name>;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

const fillPath = (pattern: string, params: Record<string, string>): string =>
  pattern.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));

const toSearch = (query: Record<string, unknown>): string => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return search.size === 0 ? "" : `?${search}`;
};

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

/** Throws `ApiFailure`; an aborted one throws as fetch does. */
export const send = async <Name extends RouteName>(
  route: Name,
  { params, query, body, signal, headers }: Input<Name> = {},
): Promise<Answer<Name>> => {
  const [method = "GET", pattern = ""] = route.split(" ");
  const path = `${fillPath(pattern, params ?? {})}${toSearch(query ?? {})}`;
  const response = await fetch(path, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  }).catch((error: unknown) => {
    throw isAbort(error) ? error : unreachable(error);
  });
  if (!response.ok) throw await toFailure(response);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as Answer<Name>;
};
