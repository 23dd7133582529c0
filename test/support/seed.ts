/**
 * Where random cases begin: the same in every run, so that what a change breaks is found by whoever makes it and by nobody else. `HEARKEN_TEST_SEED=$RANDOM`
 * looks elsewhere.
 */
export const SEED = Number(process.env.HEARKEN_TEST_SEED ?? 20_250_415);
