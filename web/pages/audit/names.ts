/** Names by id, from a list of people: one function for one list, so that lines are said anew only when it changed. */
import type { NameOf } from "./sentences.ts";

export class NamesOf<Person extends { name: string }> {
  #people: readonly Person[] | null = null;
  #nameOf: NameOf = () => null;

  constructor(private readonly idOf: (person: Person) => string) {}

  of(people: readonly Person[]): NameOf {
    const isSame = people === this.#people || (people.length === 0 && this.#people?.length === 0);
    if (isSame) return this.#nameOf;
    this.#people = people;
    const names = new Map(people.map((person) => [this.idOf(person), person.name]));
    this.#nameOf = (userId) => names.get(userId) ?? null;
    return this.#nameOf;
  }
}
