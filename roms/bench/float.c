/* x87 kernels; compiled with -mfpmath=387. The checksums hold on any correct x87. */
#include "bench.h"

#define COLUMNS 60
#define ROWS 44
#define TURNS 180
uint32_t k_mandel(void)
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
    __asm__("fsqrt" : "=t"(root) : "0"(x));
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

uint32_t k_nbody(void)
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
