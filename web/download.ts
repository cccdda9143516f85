/** An answer of the API as a file of the person's own. */
import { toFailure, unreachable } from "./api/failure.ts";
import { session } from "./state/session.ts";

const ask = (path: string): Promise<Response> =>
  fetch(path, { headers: { authorization: `Bearer ${session.token}` } }).catch((error: unknown) => {
    throw unreachable(error);
  });

const save = (content: Blob, name: string): void => {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over by the next turn.
  setTimeout(() => URL.revokeObjectURL(url));
};

/** Throws `ApiFailure`. */
export const download = async (path: string, name: string): Promise<void> => {
  let response = await ask(path);
  if (response.status === 401 && (await session.renew())) response = await ask(path);
  if (!response.ok) throw await toFailure(response);
  const content = await response.blob().catch((error: unknown) => {
    throw unreachable(error);
  });
  save(content, name);
};
