/* A window by SDL 2.
 *
 * The window shows the picture scaled with its aspect kept. The mouse is never grabbed: movements
 * inside the window are handed on in pixels of the picture. Keys that are down when the window loses
 * the focus are released, so that none sticks. Presenting waits for nothing: no vertical sync, and at
 * most REFRESH_MS of the workstation's time apart, whatever the pace of the world. */
#include <SDL.h>
#include <stdlib.h>
#include <string.h>

#include "frontends/frontend.h"
#include "frontends/sound.h"
#include "frontends/keys.h"

#define REFRESH_MS 15u
#define KEY_COUNT 256u
#define DELTA_MAX 2000

struct sdl_frontend {
    struct frontend frontend; /* first */
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;
    struct display_picture picture;
    uint32_t texture_width, texture_height;
    uint64_t generation, presented_ms;
    bool has_shown, was_resized;
    bool is_down[KEY_COUNT];
    int asked_width, asked_height; /* of the window, the last time that we chose them */
    int mouse_x, mouse_y; /* last place, in the picture */
    bool knows_mouse;
    uint8_t buttons;
    char title[128];
};

static struct sdl_frontend *sdl_of(struct frontend *frontend)
{
    return (struct sdl_frontend *)(void *)frontend;
}

/* --- showing ------------------------------------------------------------------------------------ */

/* Pixels of CGA-like modes are tall, those of 40-column text are wide: the shape on a real screen.
 * Larger pictures come from linear frame buffers, whose pixels are square. */
static void shape_of(uint32_t width, uint32_t height, int *shown_width, int *shown_height)
{
    *shown_width = (int)width;
    *shown_height = (int)height;
    if (width <= 720 && height * 8 <= width * 3)
        *shown_height *= 2;
    if (width <= 360 && height >= 350)
        *shown_width *= 2;
}

/* The window becomes as large as the picture, small ones doubled, and fits onto the screen. */
static void fit_window(struct sdl_frontend *sdl, int width, int height)
{
    SDL_Rect usable = {0, 0, width, height};
    if (width <= 400) {
        width *= 2;
        height *= 2;
    }
    if (SDL_GetDisplayUsableBounds(SDL_GetWindowDisplayIndex(sdl->window), &usable) == 0) {
        if (width > usable.w) {
            height = height * usable.w / width;
            width = usable.w;
        }
        if (height > usable.h) {
            width = width * usable.h / height;
            height = usable.h;
        }
    }
    sdl->asked_width = width;
    sdl->asked_height = height;
    SDL_SetWindowSize(sdl->window, width, height);
    SDL_SetWindowPosition(sdl->window, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED);
}

/* A new picture size: a texture of it; the window follows unless the user has chosen its size. */
static bool prepare_texture(struct sdl_frontend *sdl)
{
    int width, height;
    if (sdl->texture && sdl->texture_width == sdl->picture.width &&
        sdl->texture_height == sdl->picture.height)
        return true;
    if (sdl->texture)
        SDL_DestroyTexture(sdl->texture);
    sdl->texture = SDL_CreateTexture(sdl->renderer, SDL_PIXELFORMAT_RGB888,
                                     SDL_TEXTUREACCESS_STREAMING, (int)sdl->picture.width,
                                     (int)sdl->picture.height);
    if (!sdl->texture)
        return false;
    sdl->texture_width = sdl->picture.width;
    sdl->texture_height = sdl->picture.height;
    shape_of(sdl->texture_width, sdl->texture_height, &width, &height);
    SDL_RenderSetLogicalSize(sdl->renderer, width, height);
    if (!sdl->was_resized)
        fit_window(sdl, width, height);
    return true;
}

static bool prepare_pixels(struct sdl_frontend *sdl, const struct display_screen *screen)
{
    uint32_t width, height;
    size_t needed;
    screen->size(screen->self, &width, &height);
    needed = (size_t)width * height;
    if (needed > sdl->picture.capacity) {
        uint32_t *grown = realloc(sdl->picture.pixels, needed * sizeof *grown);
        if (!grown)
            return false;
        sdl->picture.pixels = grown;
        sdl->picture.capacity = needed;
    }
    return needed > 0;
}

static void show_texture(struct sdl_frontend *sdl)
{
    SDL_SetRenderDrawColor(sdl->renderer, 0, 0, 0, 255);
    SDL_RenderClear(sdl->renderer);
    SDL_RenderCopy(sdl->renderer, sdl->texture, NULL, NULL);
    SDL_RenderPresent(sdl->renderer);
}

static void present(struct frontend *frontend, const struct display_screen *screen)
{
    struct sdl_frontend *sdl = sdl_of(frontend);
    uint64_t generation = screen->generation(screen->self), now = SDL_GetTicks64();
    if (sdl->has_shown && (generation == sdl->generation || now - sdl->presented_ms < REFRESH_MS))
        return;
    if (!prepare_pixels(sdl, screen))
        return;
    screen->draw(screen->self, &sdl->picture);
    if (sdl->picture.width == 0 || !prepare_texture(sdl))
        return;
    SDL_UpdateTexture(sdl->texture, NULL, sdl->picture.pixels,
                      (int)(sdl->picture.width * sizeof(uint32_t)));
    show_texture(sdl);
    sdl->generation = generation;
    sdl->presented_ms = now;
    sdl->has_shown = true;
}

/* --- input ----------------------------------------------------------------------------------------- */

static void send_key(struct sdl_frontend *sdl, const struct input_sink *sink, uint8_t usage,
                     bool is_pressed)
{
    struct input_record record = {.kind = INPUT_KEY, .usage = usage, .is_pressed = is_pressed};
    if (usage == KEY_NONE || sdl->is_down[usage] == is_pressed)
        return; /* repeats are the guest keyboard's own business */
    sdl->is_down[usage] = is_pressed;
    sink->deliver(sink->self, &record);
}

static void release_all(struct sdl_frontend *sdl, const struct input_sink *sink)
{
    for (unsigned usage = 0; usage < KEY_COUNT; usage++)
        if (sdl->is_down[usage])
            send_key(sdl, sink, (uint8_t)usage, false);
    sdl->knows_mouse = false;
}

static void send_mouse(struct sdl_frontend *sdl, const struct input_sink *sink, int dx, int dy,
                       int dz)
{
    struct input_record record = {.kind = INPUT_MOUSE, .buttons = sdl->buttons};
    record.dx = (int16_t)(dx > DELTA_MAX ? DELTA_MAX : dx < -DELTA_MAX ? -DELTA_MAX : dx);
    record.dy = (int16_t)(dy > DELTA_MAX ? DELTA_MAX : dy < -DELTA_MAX ? -DELTA_MAX : dy);
    record.dz = (int8_t)(dz > 7 ? 7 : dz < -8 ? -8 : dz);
    sink->deliver(sink->self, &record);
}

/* Positions are logical (in the shown picture), since the renderer has a logical size. */
static void mouse_moved(struct sdl_frontend *sdl, const struct input_sink *sink, int x, int y)
{
    int dx = x - sdl->mouse_x, dy = y - sdl->mouse_y;
    sdl->mouse_x = x;
    sdl->mouse_y = y;
    if (sdl->knows_mouse && (dx || dy))
        send_mouse(sdl, sink, dx, dy, 0);
    sdl->knows_mouse = true;
}

static void mouse_button(struct sdl_frontend *sdl, const struct input_sink *sink, unsigned button,
                         bool is_pressed)
{
    uint8_t bit = button == SDL_BUTTON_LEFT    ? 1
                  : button == SDL_BUTTON_RIGHT ? 2
                  : button == SDL_BUTTON_MIDDLE ? 4
                  : button == SDL_BUTTON_X1 ? 8
                  : button == SDL_BUTTON_X2 ? 16
                                            : 0;
    sdl->buttons = (uint8_t)(is_pressed ? sdl->buttons | bit : sdl->buttons & ~bit);
    if (bit)
        send_mouse(sdl, sink, 0, 0, 0);
}

static void window_event(struct sdl_frontend *sdl, const struct input_sink *sink,
                         const SDL_WindowEvent *event)
{
    switch (event->event) {
    case SDL_WINDOWEVENT_FOCUS_LOST: release_all(sdl, sink); break;
    case SDL_WINDOWEVENT_RESIZED: /* by the user or the window manager, where it is not our size */
        if (event->data1 != sdl->asked_width || event->data2 != sdl->asked_height)
            sdl->was_resized = true;
        if (sdl->texture)
            show_texture(sdl);
        break;
    case SDL_WINDOWEVENT_EXPOSED:
        if (sdl->texture)
            show_texture(sdl);
        break;
    default: break;
    }
}

static void poll_events(struct frontend *frontend, const struct input_sink *sink)
{
    static const struct input_record QUIT = {.kind = INPUT_QUIT};
    struct sdl_frontend *sdl = sdl_of(frontend);
    SDL_Event event;
    while (SDL_PollEvent(&event))
        switch (event.type) {
        case SDL_QUIT: sink->deliver(sink->self, &QUIT); break;
        case SDL_KEYDOWN:
        case SDL_KEYUP:
            send_key(sdl, sink, keys_from_scancode((unsigned)event.key.keysym.scancode),
                     event.type == SDL_KEYDOWN);
            break;
        case SDL_MOUSEMOTION: mouse_moved(sdl, sink, event.motion.x, event.motion.y); break;
        case SDL_MOUSEBUTTONDOWN:
        case SDL_MOUSEBUTTONUP:
            mouse_button(sdl, sink, event.button.button, event.type == SDL_MOUSEBUTTONDOWN);
            break;
        case SDL_MOUSEWHEEL: send_mouse(sdl, sink, 0, 0, event.wheel.y); break;
        case SDL_WINDOWEVENT: window_event(sdl, sink, &event.window); break;
        default: break;
        }
}

/* --- life -------------------------------------------------------------------------------------------- */

static void close_window(struct frontend *frontend)
{
    struct sdl_frontend *sdl = sdl_of(frontend);
    if (sdl->texture)
        SDL_DestroyTexture(sdl->texture);
    if (sdl->renderer)
        SDL_DestroyRenderer(sdl->renderer);
    if (sdl->window)
        SDL_DestroyWindow(sdl->window);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(sdl->picture.pixels);
    free(sdl);
}

bool frontend_sdl_is_available(void)
{
#if defined(__APPLE__) || defined(_WIN32)
    return true;
#else
    const char *const names[] = {"DISPLAY", "WAYLAND_DISPLAY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return true;
    }
    return false;
#endif
}

enum status frontend_sdl_open(struct frontend **frontend, const char *name, struct error *error)
{
    struct sdl_frontend *sdl = calloc(1, sizeof *sdl);
    *frontend = NULL;
    if (!sdl)
        return error_set(error, STATUS_INTERNAL, "out of memory for a window");
    sdl->frontend.kind = "sdl";
    sdl->frontend.leave = "closing the window ends the run";
    sdl->frontend.present = present;
    sdl->frontend.poll = poll_events;
    sdl->frontend.close = close_window;
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) {
        error_set(error, STATUS_USAGE, "no window: %s; fix: --display terminal or --display none",
                  SDL_GetError());
        free(sdl);
        return STATUS_USAGE;
    }
    SDL_snprintf(sdl->title, sizeof sdl->title, "Vitrine - %s", name);
    sdl->asked_width = 720;
    sdl->asked_height = 400;
    sdl->window = SDL_CreateWindow(sdl->title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                   sdl->asked_width, sdl->asked_height, SDL_WINDOW_RESIZABLE);
    if (sdl->window)
        sdl->renderer = SDL_CreateRenderer(sdl->window, -1, 0);
    if (sdl->window && !sdl->renderer)
        sdl->renderer = SDL_CreateRenderer(sdl->window, -1, SDL_RENDERER_SOFTWARE);
    if (!sdl->renderer) {
        error_set(error, STATUS_USAGE, "no window: %s; fix: --display terminal or --display none",
                  SDL_GetError());
        close_window(&sdl->frontend);
        return STATUS_USAGE;
    }
    *frontend = &sdl->frontend;
    return STATUS_OK;
}

/* --- sound: SDL's own thread takes the samples from its queue ------------------------------------ */

enum status sound_sdl_open(unsigned *device, unsigned rate, struct error *error)
{
    SDL_AudioSpec wanted = {.freq = (int)rate, .format = AUDIO_S16SYS, .channels = 1, .samples = 1024};
    *device = 0;
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) == 0)
        *device = SDL_OpenAudioDevice(NULL, 0, &wanted, NULL, 0);
    if (*device == 0)
        return error_set(error, STATUS_USAGE, "no sound: %s; fix: --sound none or --sound file:PATH",
                         SDL_GetError());
    SDL_PauseAudioDevice(*device, 0);
    return STATUS_OK;
}

/* A run that is faster than its clock makes more than can be heard: the rest is dropped. */
void sound_sdl_play(unsigned device, const short *samples, unsigned count)
{
    const unsigned quarter_of_a_second = 48000u / 4 * (unsigned)sizeof *samples;
    if (SDL_GetQueuedAudioSize(device) < quarter_of_a_second)
        SDL_QueueAudio(device, samples, count * (unsigned)sizeof *samples);
}

void sound_sdl_close(unsigned device)
{
    SDL_CloseAudioDevice(device);
    SDL_QuitSubSystem(SDL_INIT_AUDIO);
}
