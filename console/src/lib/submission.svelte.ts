// What a form sends, and how a refusal comes back: at the field that the server names, else above all.
import { asProblem } from './api.ts';
import { refusalOf } from './refusal.ts';
import type { Problem } from './types.ts';

export class Submission {
  busy = $state(false);
  problem = $state.raw<Problem | null>(null);
  readonly #fields: readonly string[];
  #refusal = $derived.by(() => (this.problem ? refusalOf(this.problem, this.#fields) : null));

  /** `fields`: those of the form, as the API names them. */
  constructor(fields: readonly string[]) {
    this.#fields = fields;
  }

  /** What is wrong with a field. */
  at = (field: string): string | null => (this.#refusal?.field === field ? this.#refusal.text : null);

  /** A refusal that belongs to no field of the form. */
  get other(): Problem | null {
    return this.#refusal ? null : this.problem;
  }

  async run(send: () => Promise<void>): Promise<void> {
    this.busy = true;
    try {
      await send();
      this.problem = null;
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.busy = false;
    }
  }
}
