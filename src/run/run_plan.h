#pragma once

#include "base/status.h"
#include "run/run_choices.h"
#include "train/training_plan.h"

namespace cllm {

// The shape that choices make of a vocabulary. Error (BadInput): it contradicts itself; (Usage): a dimension is not
// chosen.
Result<ModelShape> ShapeOf(const RunChoices& choices, size_t vocabulary);

// What a step is made of, without a schedule: what it costs depends on nothing else but the shape. Error (Usage): a
// choice that it needs is not made.
Result<StepOptions> StepOptionsOf(const RunChoices& choices);

// The schedule of a new run: of its pace, where it has one, else of its steps, else open for its time. Error (Usage):
// none of them is chosen, or steps and pace contradict each other.
Result<Schedule> ScheduleOf(const RunChoices& choices);

// Choices that are all made, as the Trainer needs them. Error (Usage): names the first one that is not made; (BadInput)
// as ShapeOf.
Result<TrainingPlan> PlanOf(const RunChoices& choices, size_t vocabulary);

}  // namespace cllm
