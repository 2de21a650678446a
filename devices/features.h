/* What of each chip's data sheet is modelled, for docs/devices. */
#ifndef VITRINE_DEVICES_FEATURES_H
#define VITRINE_DEVICES_FEATURES_H

enum feature_state { FEATURE_MODELLED, FEATURE_PARTLY, FEATURE_MISSING };

struct device_feature {
    const char *type;    /* name of the device type */
    const char *feature;
    const char *section; /* of its data sheet */
    enum feature_state state;
    const char *instead; /* what a guest sees of what is not modelled; "" for FEATURE_MODELLED */
};

/* All of them, those of a type together; ends with type NULL. */
extern const struct device_feature DEVICE_FEATURES[];

#endif
