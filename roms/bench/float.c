/* Kernels on floats, compiled twice: for the x87 (-mfpmath=387), and for SSE2. The checksums hold on any correct unit, and
 * those of one need not be the other's. */
#include "bench.h"

#ifdef __SSE2_MATH__
#define KERNEL(name) k_sse_##name
#else
#define KERNEL(name) k_##name
#endif

#define COLUMNS 60
#define ROWS 44
#define TURNS 180
uint32_t KERNEL(mandel)(void)
{
    uint32_t total = 0;
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            double c_re = (column - 41) / 19.0, c_im = (row - 22) / 18.0;
            double re = 0, im = 0;
            uint32_t turn = 0;
            while (turn < TURNS) {
                double re2 = re * re, im2 = im * im;
                if (re2 + im2 > 4.0)
                    break;
                im = 2 * re * im + c_im;
                re = re2 - im2 + c_re;
                turn++;
            }
            total += turn;
        }
    return total;
}

struct body {
    double at[3], velocity[3], mass;
};
#define BODIES 5
static struct body bodies[BODIES];

static double square_root(double x)
{
    double root;
#ifdef __SSE2_MATH__
    __asm__("sqrtsd %1, %0" : "=x"(root) : "x"(x));
#else
    __asm__("fsqrt" : "=t"(root) : "0"(x));
#endif
    return root;
}

static void attract(struct body *a, struct body *b, double step)
{
    double d[3], square = 0, force;
    for (unsigned i = 0; i < 3; i++) {
        d[i] = a->at[i] - b->at[i];
        square += d[i] * d[i];
    }
    force = step / (square * square_root(square));
    for (unsigned i = 0; i < 3; i++) {
        a->velocity[i] -= d[i] * b->mass * force;
        b->velocity[i] += d[i] * a->mass * force;
    }
}

uint32_t KERNEL(nbody)(void)
{
    for (int i = 0; i < BODIES; i++)
        bodies[i] = (struct body){.at = {1.3 * i + 0.2, 0.8 * i * i - 1.4, 0.15 * i},
                                  .velocity = {0.02 * i, -0.01 * i, 0.004},
                                  .mass = 1.0 / (i + 2)};
    for (int step = 0; step < 1500; step++) {
        for (unsigned i = 0; i < BODIES; i++)
            for (unsigned k = i + 1; k < BODIES; k++)
                attract(&bodies[i], &bodies[k], 0.001);
        for (unsigned i = 0; i < BODIES; i++)
            for (unsigned k = 0; k < 3; k++)
                bodies[i].at[k] += 0.001 * bodies[i].velocity[k];
    }
    return (uint32_t)(int32_t)(bodies[0].at[0] * 1e6);
}
