import type { DirectionSettings } from "./direction-settings.ts";
import { RandomNumbers } from "./random-numbers.ts";

/**
 * What becomes of each frame. For every frame the same number of random numbers is drawn, in the order of arrival: so the
 * n-th frame's fate depends on the seed and the settings alone, not on when it came or what happened to others.
 */
export class Fate {
  /** Of the frame last drawn for. */
  isLost = false;
  isDoubled = false;
  isLate = false;
  /** 0 to 1, the share of the jitter that it suffers. */
  jitterShare = 0;
  readonly #random: RandomNumbers;

  constructor(seed: number) {
    this.#random = new RandomNumbers(seed);
  }

  draw(settings: DirectionSettings): void {
    this.isLost = this.#random.next() < this.#lossAfter(this.isLost, settings);
    this.isDoubled = this.#random.next() < settings.duplicate;
    this.isLate = this.#random.next() < settings.reorder;
    this.jitterShare = this.#random.next();
  }

  /**
   * Gilbert's model: lost frames come in runs of 1/r on average, where r is the chance that a run ends; runs begin with the
   * chance p that makes p / (p + r) the loss asked for.
   */
  #lossAfter(wasLost: boolean, { loss, lossBurstFrames }: DirectionSettings): number {
    if (lossBurstFrames <= 1 || loss === 0 || loss === 1) return loss;
    const ends = 1 / lossBurstFrames;
    return wasLost ? 1 - ends : Math.min(1, (ends * loss) / (1 - loss));
  }
}
