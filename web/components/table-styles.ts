/** How tables look: quiet lines, room, and on narrow screens a card per row. */
import { css } from "lit";

export const tableStyles = css`
  .frame {
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    background: var(--surface);
    box-shadow: var(--shadow-low);
  }

  .row {
    display: grid;
    grid-template-columns: var(--columns);
    gap: 0 var(--s4);
    align-items: center;
    padding: 0 var(--s4);
  }

  .head {
    min-height: 2.5rem;
    border-bottom: 1px solid var(--line);
    color: var(--ink-faint);
    font-size: var(--text-xs);
    font-weight: 500;
  }

  .head button {
    display: inline-flex;
    gap: var(--s1);
    align-items: center;
    margin-inline-start: -0.375rem;
    padding: var(--s1) 0.375rem;
    border: 0;
    border-radius: var(--radius-s);
    background: transparent;
    font-weight: inherit;
    cursor: pointer;
  }

  .head button:hover,
  [aria-sort] button {
    color: var(--ink);
  }

  .head wr-icon {
    width: 0.9rem;
    height: 0.9rem;
  }

  /* While rows come and go, the browser must not keep one of them in its place by scrolling. */
  .body {
    overflow-anchor: none;
  }

  .body .row {
    height: var(--row);
    border-bottom: 1px solid var(--line);
    transition: background var(--fast);
    contain: layout style;
  }

  .body .row:last-child {
    border-bottom-color: transparent;
  }

  .body .row.leads {
    cursor: pointer;
  }

  .body .row:hover {
    background: var(--hover);
  }

  .body .row.selected {
    background: var(--accent-soft);
  }

  .row.new {
    animation: arrive 420ms var(--ease);
  }

  .cell {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }

  /* What sticks out of its cell: rings around what has the focus, pulses. */
  .cell > * {
    overflow: visible;
  }

  /* A word that opens what there is to know of the row. */
  .cell > .opens {
    max-width: 100%;
    padding: 0;
    border: 0;
    border-radius: var(--radius-s);
    background: transparent;
    font-weight: 500;
    overflow: hidden;
    text-overflow: ellipsis;
    vertical-align: middle;
    cursor: pointer;
  }

  .cell > .opens:hover {
    color: var(--accent);
    text-decoration: underline;
  }

  /* Words over how far it is; on a card the words alone. */
  .cell > .copying {
    display: grid;
    gap: 0.1875rem;
    font-size: var(--text-sm);
  }

  .details .copying wr-progress {
    display: none;
  }

  .cell.plain {
    overflow: visible;
  }

  .check,
  .all {
    display: grid;
  }

  input[type="checkbox"] {
    width: 1rem;
    height: 1rem;
    margin: 0;
    cursor: pointer;
  }

  .bone {
    height: 0.75rem;
    width: var(--bone, 60%);
    border-radius: var(--radius-s);
    background: linear-gradient(90deg, var(--sunken) 35%, var(--hover) 50%, var(--sunken) 65%) 0 / 300% 100%;
    animation: shimmer 1.6s linear infinite;
  }

  .bone:nth-child(even) {
    --bone: 40%;
  }

  /* A card has two lines. */
  .narrow .bone {
    grid-column: 2;
  }

  .narrow .bone:nth-child(n + 4) {
    display: none;
  }

  @keyframes shimmer {
    from {
      background-position: 100% 0;
    }

    to {
      background-position: -50% 0;
    }
  }

  @keyframes arrive {
    from {
      opacity: 0;
      transform: translateY(-0.75rem);
      background: var(--accent-soft);
    }
  }

  @media (prefers-reduced-motion: reduce) {
    .row.new,
    .bone {
      animation: none;
    }
  }

  /* A card per row. */
  .narrow .head {
    display: none;
  }

  .narrow .body .row {
    grid-template-areas: "check title aside menu" "check details details menu";
    grid-template-columns: auto minmax(0, 1fr) auto auto;
    grid-template-rows: 1fr 1fr;
    gap: 0 var(--s2);
    padding: var(--s3);
  }

  .narrow .nowhere {
    display: none;
  }

  .narrow .title {
    grid-area: title;
  }

  .narrow .aside {
    grid-area: aside;
  }

  .narrow .whole {
    grid-area: 1 / title / -1 / aside;
    white-space: normal;
  }

  .narrow .check {
    grid-area: check;
  }

  .narrow .menu {
    grid-area: menu;
  }

  .narrow .details {
    display: flex;
    grid-area: details;
    gap: 0 0.375rem;
    min-width: 0;
    color: var(--ink-soft);
    font-size: var(--text-sm);
    overflow: hidden;
    white-space: nowrap;
  }

  .narrow .details > * {
    flex: none;
  }

  .narrow .details > :first-child {
    flex: 0 1 auto;
    min-width: 2rem;
    overflow: hidden;
    text-overflow: ellipsis;
  }

  .narrow .details > * + *::before {
    content: "·";
    margin-inline-end: 0.375rem;
  }

  .narrow .details > *:empty {
    display: none;
  }

  /* A file or folder: its drawing and its name lead to it. */
  .entry {
    display: flex;
    gap: var(--s2);
    align-items: center;
    min-width: 0;
    color: var(--ink);
    text-decoration: none;
  }

  .entry wr-icon {
    flex: none;
    color: var(--ink-faint);
  }

  .entry span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .entry:hover span {
    text-decoration: underline;
  }

  .entry small {
    color: var(--ink-faint);
  }
`;
