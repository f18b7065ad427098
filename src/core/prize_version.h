
/*
 * The version, for prize_build_info and prizectl --version.
 */

#ifndef _PRIZE_VERSION_H_INCLUDED_
#define _PRIZE_VERSION_H_INCLUDED_


#define PRIZE_VERSION  "0.1.0"


#endif /* _PRIZE_VERSION_H_INCLUDED_ */
