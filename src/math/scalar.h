#pragma once

// The project's own functions of one number: the code of vector-inl.h at one lane, so the bits are those of the vector
// forms on every machine. Accuracy and method stand there. All are pure and thread-safe.
namespace cllm::math {

float Exp(float x);
double Exp(double x);
float Log(float x);
double Log(double x);
float Sqrt(float x);
double Sqrt(double x);
float Rsqrt(float x);
float Sigmoid(float x);
float Silu(float x);
float SiluDerivative(float x);

}  // namespace cllm::math
