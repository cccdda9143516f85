/** What the parts of the settings share: a card with what it is about beside it. */
import { css } from "lit";

import { failure } from "../../styles/form.ts";

export const settingsStyles = css`
  section {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--s4);
    padding: var(--s5);
    border: 1px solid var(--line);
    border-radius: var(--radius-l);
    background: var(--surface);
    box-shadow: var(--shadow-low);
  }

  h2 {
    font-size: var(--text-lg);
    font-weight: 600;
  }

  .lead {
    margin-top: var(--s1);
    color: var(--ink-soft);
    font-size: var(--text-sm);
  }

  form {
    display: grid;
    gap: var(--s4);
    justify-items: start;
  }

  wr-field,
  wr-select {
    width: 100%;
    max-width: 26rem;
  }

  .line {
    display: flex;
    flex-wrap: wrap;
    gap: var(--s2) var(--s4);
    align-items: center;
    justify-content: space-between;
  }

  .line + .line {
    padding-top: var(--s3);
    border-top: 1px solid var(--line);
  }

  .all {
    margin-top: var(--s3);
  }

  .soft {
    color: var(--ink-soft);
    font-size: var(--text-sm);
    overflow-wrap: anywhere;
  }

  ${failure}

  .error + .line {
    margin-top: var(--s4);
  }

  .error b {
    display: block;
    font-weight: 600;
  }

  @media (min-width: 68rem) {
    section {
      grid-template-columns: minmax(0, 17rem) minmax(0, 1fr);
      gap: var(--s6);
    }
  }
`;
