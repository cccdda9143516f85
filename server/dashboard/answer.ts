/** How a file of the dashboard goes out: in the smallest form the browser takes, or not at all when it has it. */
import type { DashboardFile, Encoding } from "./files.ts";

const ENCODINGS: readonly Encoding[] = ["br", "gzip"];

/** Whether a browser takes an encoding: named, and not with a weight of nought. */
const accepts = (header: string, encoding: Encoding): boolean =>
  header.split(",").some((part) => {
    const [name, ...rest] = part.trim().split(";");
    return name === encoding && !/^\s*q=0(?:\.0*)?$/.test(rest.join(";"));
  });

export const answerWith = (
  file: DashboardFile,
  request: Request,
  headers: Record<string, string>,
): Response => {
  const accepted = request.headers.get("accept-encoding") ?? "";
  const encoding = ENCODINGS.find((one) => file.packed[one] !== undefined && accepts(accepted, one));
  const all: Record<string, string> = {
    "content-type": file.type,
    "x-content-type-options": "nosniff",
    vary: "accept-encoding",
    etag: file.etag,
    ...headers,
  };
  if (request.headers.get("if-none-match") === file.etag)
    return new Response(null, { status: 304, headers: all });
  if (encoding === undefined) return new Response(file.plain, { headers: all });
  return new Response(file.packed[encoding], { headers: { ...all, "content-encoding": encoding } });
};
