/** A line over its ground, as charts large and small draw it. */
import { css } from "lit";

export const lineStyles = css`
  svg {
    display: block;
    width: 100%;
    overflow: visible;
  }

  .grid {
    stroke: var(--line);
    stroke-width: 1;
  }

  .ground {
    fill: var(--accent-soft);
  }

  .line {
    fill: none;
    stroke: var(--accent);
    stroke-linecap: round;
    stroke-linejoin: round;
  }
`;
