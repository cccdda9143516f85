/** The terminal's own style sheet, taken into the bundle as text. */
declare module "@xterm/xterm/css/xterm.css" {
  const text: string;
  export default text;
}
