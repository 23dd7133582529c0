/** The numbers beside an axis: three to six round ones from the lowest up; `whole`: no fractions. Pure. */
export function roundSteps(low: number, high: number, whole: boolean): number[] {
  const rough = Math.max((high - low) / 4, Number.MIN_VALUE);
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? power * 10;
  const step = whole ? Math.max(1, Math.ceil(round)) : round;
  return Array.from({ length: Math.floor((high - low) / step + 1e-9) + 1 }, (_, index) => low + index * step);
}
