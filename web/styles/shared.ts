/** Rules that every element starts from, and the few that several pages share. */
import { css } from "lit";

export const base = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  :host {
    display: block;
  }

  :host([hidden]),
  [hidden] {
    display: none !important;
  }

  h1,
  h2,
  h3,
  p,
  ul,
  ol,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }

  ul,
  ol {
    list-style: none;
  }

  a {
    color: var(--accent);
    text-underline-offset: 0.2em;
  }

  button {
    font: inherit;
    color: inherit;
  }

  code {
    font-family: var(--mono);
    font-size: 0.93em;
  }

  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }

  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;

/** A page of the dashboard: its head with title and actions, and the room between its parts. */
export const page = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s5);
    align-content: start;
  }

  .head {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s3) var(--s4);
    align-items: end;
    justify-content: space-between;
  }

  .head h1 {
    font-size: var(--title);
    font-weight: 600;
    line-height: 1.2;
    letter-spacing: -0.018em;
  }

  .head p {
    margin-top: var(--s1);
    color: var(--ink-soft);
  }

  .bar {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s3);
    align-items: center;
  }

  .bar wr-search {
    flex: 1 1 14rem;
    max-width: 22rem;
  }
`;
