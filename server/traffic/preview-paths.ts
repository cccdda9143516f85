/** `/preview/{sandbox}/{port}/…`, the way to previews where there is no wildcard domain. */
import { parseSandboxId } from "../../proto/ids.ts";
import { badTarget } from "./answers.ts";
import type { Passage } from "./passage.ts";
import { pathOf } from "./path.ts";
import { parsePort } from "./target.ts";

const SHAPE = /^(\/preview\/([^/?]+)\/([^/?]+))([/?].*)?$/s;

const moved = (location: string): Response =>
  new Response(null, { status: 307, headers: { location, "cache-control": "no-store" } });

/**
 * Programs ask for `/style.css` as if they had a host of their own: the page that asked tells below what. Null when
 * it tells nothing.
 */
const belowReferer = (request: Request, pathAndQuery: string): Response | null => {
  const referer = URL.parse(request.headers.get("referer") ?? "");
  const prefix = referer === null ? undefined : SHAPE.exec(referer.pathname)?.[1];
  if (referer === null || prefix === undefined || referer.host !== request.headers.get("host")) return null;
  return moved(prefix + pathAndQuery);
};

/** Where a request to the previews' own port goes, or what it is answered. */
export const readPreviewPath = (request: Request): Omit<Passage, "scheme"> | Response => {
  const whole = pathOf(request.url);
  const [, prefix = "", id = "", portText = "", rest] = SHAPE.exec(whole) ?? [];
  if (prefix === "") {
    return (
      belowReferer(request, whole) ??
      Response.json({ code: 404, message: "Only /preview/{sandbox}/{port}/… is here." }, { status: 404 })
    );
  }
  const sandboxId = parseSandboxId(id);
  const port = parsePort(portText);
  if (sandboxId === null) return badTarget("The path names no sandbox: /preview/{sandbox id}/{port}/…");
  if (port === null)
    return badTarget("The path names no port from 1 to 65535: /preview/{sandbox id}/{port}/…");
  // Without the slash at its end, addresses relative to it would lead out of it.
  if (rest === undefined || rest.startsWith("?")) return moved(`${prefix}/${rest ?? ""}`);
  return { sandboxId, port, pathAndQuery: rest, prefix };
};
