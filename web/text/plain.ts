/** What a terminal would show of a log: without its colours and movements, which mean nothing in a page. */

// oxlint-disable-next-line no-control-regex -- these are control sequences
const SEQUENCES =
  // oxlint-disable-next-line no-control-regex -- the same
  /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[PX^_][^\u001B]*\u001B\\|[ -/]*[0-~])/g;
// oxlint-disable-next-line no-control-regex -- what is left of them
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F]/g;

export const toPlain = (text: string): string =>
  text.replaceAll("\r\n", "\n").replaceAll(SEQUENCES, "").replaceAll(CONTROLS, "");
