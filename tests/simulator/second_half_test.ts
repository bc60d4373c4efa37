/** The second half of the simulated worlds. */
import { testHalf } from "./share.ts";

testHalf(1);
