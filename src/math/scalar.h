#pragma once

// The project's own functions of single numbers: the code of vector-inl.h at one lane, so the bits are those of the
// vector forms on every machine. Methods and error bounds stand there (the -inl.h files). Pure and thread-safe.
namespace cllm::math {

float Exp(float x);
double Exp(double x);
float Exp2(float x);
float Log(float x);
double Log(double x);
float Log2(float x);
float Sin(float x);
double Sin(double x);
float Cos(float x);
double Cos(double x);
float Tan(float x);
float Tanh(float x);
float Sqrt(float x);
double Sqrt(double x);
float Rsqrt(float x);
float Pow(float x, float y);
double Pow(double x, double y);
float Sigmoid(float x);
float Silu(float x);
float SiluDerivative(float x);
float Fmod(float x, float y);
float Floor(float x);
double Floor(double x);
float Ceil(float x);
double Ceil(double x);
float Round(float x);  // halves away from zero
double Round(double x);
float Trunc(float x);
double Trunc(double x);
float Abs(float x);
double Abs(double x);
float Min(float a, float b);  // a NaN gives way to a number
float Max(float a, float b);
float CopySign(float magnitude, float sign);
bool IsNan(float x);
bool IsNan(double x);
bool IsInf(float x);
bool IsInf(double x);

}  // namespace cllm::math
