/// Records libtorch's operators on the CPU and runs them again as a CUDA graph would: on the memory that they had, with the numbers
/// that they had, and nothing of what the program did between them.
#ifndef TORCH_TAPE_H
#define TORCH_TAPE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct torch_tape torch_tape;

/// Begins to record what this thread has libtorch compute.
torch_tape *torch_tape_begin(void);
/// Ends the recording and puts back all memory that it has changed. Returns why the operations could not be recorded on a
/// device, or null; valid as long as the tape.
const char *torch_tape_end(torch_tape *tape);
/// How many operators were recorded.
int64_t torch_tape_count(const torch_tape *tape);
/// Runs them again; returns why one could not, or null, valid as long as the tape. Memory that a recorded operator left unset is
/// filled with what is no number, or with zeros where numbers are whole.
const char *torch_tape_replay(torch_tape *tape);
void torch_tape_free(torch_tape *tape);

#ifdef __cplusplus
}
#endif

#endif
