/** What the ways to a first sandbox share. */
import { css } from "lit";

import { failure } from "../../styles/form.ts";

export const firstRunStyles = css`
  .soft {
    color: var(--ink-soft);
    overflow-wrap: anywhere;
  }

  b {
    font-weight: 600;
    overflow-wrap: anywhere;
  }

  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s1) var(--s3);
    align-items: center;
    min-width: 0;
  }

  ${failure}

  .build {
    display: grid;
    gap: var(--s2);
    width: 100%;
    text-align: start;
  }

  .line {
    display: flex;
    gap: var(--s4);
    justify-content: space-between;
  }

  .line .soft {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .percent {
    flex: none;
    font-weight: 500;
    font-variant-numeric: tabular-nums;
  }

  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s3);
    align-items: center;
  }
`;
