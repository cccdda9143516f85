/** Reads server-sent events out of a body: the standard's parser, over fetch, which can send a header. */

export interface StreamedEvent {
  /** Empty while the stream has named none. */
  id: string;
  event: string;
  data: string;
}

/** A line this long is no event of ours; the stream is given up. */
const MAX_PENDING_CHARS = 1_000_000;

interface Draft {
  event: string;
  data: string[];
  /** It has an id of its own. */
  isMarked: boolean;
}

/** Ends with the body. Comments are left out. A block that is nothing but an id comes with empty data: it counts too. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<StreamedEvent> {
  let id = "";
  let draft: Draft = { event: "message", data: [], isMarked: false };
  let pending = "";

  const take = (line: string): StreamedEvent | null => {
    if (line === "") {
      const { event, data, isMarked } = draft;
      draft = { event: "message", data: [], isMarked: false };
      return data.length === 0 && !isMarked ? null : { id, event, data: data.join("\n") };
    }
    const [, field = "", value = ""] = /^([^:]*):? ?([\s\S]*)$/.exec(line) ?? [];
    if (field === "data") draft.data.push(value);
    else if (field === "event") draft.event = value;
    else if (field === "id" && !value.includes("\0")) {
      id = value;
      draft.isMarked = true;
    }
    return null;
  };

  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    pending += text;
    if (pending.length > MAX_PENDING_CHARS) throw new Error("an event without end");
    const lines = pending.split(/\r\n|\n|\r(?!$)/);
    pending = lines.pop() ?? "";
    for (const line of lines) {
      const event = take(line);
      if (event !== null) yield event;
    }
  }
}
